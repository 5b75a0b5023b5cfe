/**
 * The query editor as a component.
 *
 * Hides: how an editor that keeps its own state is fed from properties.
 * Knows nothing of: pages.
 */

import { type Ref, useEffect, useImperativeHandle, useRef } from 'react'
import { type Editor, type EditorSettings, editorIn, type Mistake } from './editor'
import './query.css'

export type QueryEditorHandle = { focus(): void }

export type QueryEditorProps = {
  query: string
  settings: EditorSettings
  mistakes: readonly Mistake[]
  /** Names the element that explains the mistakes. */
  describedBy?: string | undefined
  onChange(query: string): void
  onRun(): void
  onEscape(): void
  ref?: Ref<QueryEditorHandle>
}

export function QueryEditor({ query, settings, mistakes, describedBy, ref, ...events }: QueryEditorProps) {
  const parent = useRef<HTMLDivElement>(null)
  const editor = useRef<Editor>(undefined)
  const latest = useRef(events)
  latest.current = events
  const initial = useRef({ query, settings })

  useEffect(() => {
    if (parent.current === null) return
    const made = editorIn(parent.current, initial.current.query, initial.current.settings, {
      changed: text => latest.current.onChange(text),
      run: () => latest.current.onRun(),
      escaped: () => latest.current.onEscape(),
    })
    editor.current = made
    return () => made.view.destroy()
  }, [])

  useEffect(() => editor.current?.write(query), [query])
  useEffect(() => editor.current?.set(settings), [settings])
  useEffect(() => editor.current?.mark(mistakes), [mistakes])
  useEffect(() => {
    const content = editor.current?.view.contentDOM
    if (describedBy === undefined) content?.removeAttribute('aria-describedby')
    else content?.setAttribute('aria-describedby', describedBy)
  }, [describedBy])

  useImperativeHandle(ref, () => ({ focus: () => editor.current?.view.focus() }), [])
  return <div className="query-editor" ref={parent} />
}
