/**
 * The query editor: one line that grows, with colours, completion, and mistakes marked where they stand.
 *
 * Hides: CodeMirror.
 * Knows nothing of: React, the page, the server.
 */

import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeCompletion,
  completionKeymap,
  completionStatus,
  moveCompletionSelection,
  type Completion as Offer,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from '@codemirror/commands'
import { type Diagnostic, setDiagnostics } from '@codemirror/lint'
import { Compartment, EditorState, type Extension, Prec } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import { type Candidate, completionAt, fitting, type KnownField } from './completion'
import { highlighting } from './highlight'
import type { Place } from './place'

/** A place in the query and what is wrong there. */
export type Mistake = Place & { severity: 'error' | 'warning'; message: string }

export type EditorSettings = {
  label: string
  placeholder: string
  /** The fields that can be searched. */
  fields: readonly KnownField[]
  /** What a candidate means, in the language in force; empty when its name says it. */
  help: (candidate: Candidate) => string
}

export type EditorEvents = {
  changed(query: string): void
  run(): void
  escaped(): void
}

/** An editor on the page. */
export type Editor = {
  view: EditorView
  /** Replaces the text, unless it is the same. */
  write(query: string): void
  mark(mistakes: readonly Mistake[]): void
  set(settings: EditorSettings): void
}

/** Puts an editor into `parent`. */
export function editorIn(
  parent: HTMLElement,
  query: string,
  settings: EditorSettings,
  on: EditorEvents,
): Editor {
  const variable = new Compartment()
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: query,
      extensions: [keys(on), fixed(on), variable.of(settingsExtension(settings))],
    }),
  })
  return {
    view,
    write(text) {
      const before = view.state.doc.toString()
      if (before === text) return
      view.dispatch({
        changes: { from: 0, to: before.length, insert: text },
        selection: { anchor: text.length },
      })
    },
    mark(mistakes) {
      const length = view.state.doc.length
      const diagnostics = mistakes.map(
        (mistake): Diagnostic => ({
          ...mistake,
          from: Math.min(mistake.from, length),
          to: Math.min(mistake.to, length),
        }),
      )
      view.dispatch(setDiagnostics(view.state, diagnostics))
    },
    set(next) {
      view.dispatch({ effects: variable.reconfigure(settingsExtension(next)) })
    },
  }
}

function fixed(on: EditorEvents): Extension {
  return [
    history(),
    highlighting,
    EditorView.lineWrapping,
    EditorView.updateListener.of(update => {
      if (update.docChanged) on.changed(update.state.doc.toString())
    }),
  ]
}

function settingsExtension(settings: EditorSettings): Extension {
  return [
    placeholder(settings.placeholder),
    EditorView.contentAttributes.of({
      'aria-label': settings.label,
      'aria-multiline': 'true',
      autocapitalize: 'off',
      spellcheck: 'false',
    }),
    autocompletion({
      override: [context => offers(context, settings)],
      // Enter runs the query unless a candidate was chosen by an arrow key.
      selectOnOpen: false,
      interactionDelay: 0,
      icons: false,
      activateOnCompletion: offer => offer.label.endsWith(':'),
    }),
  ]
}

function keys(on: EditorEvents): Extension {
  const run = () => {
    on.run()
    return true
  }
  const choose = moveCompletionSelection(true)
  const takeFirst = (view: EditorView) => acceptCompletion(view) || (choose(view) && acceptCompletion(view))
  const runUnlessChoosing = (view: EditorView) => {
    if (acceptCompletion(view)) return true
    closeCompletion(view)
    return run()
  }
  const leave = (view: EditorView) => {
    if (completionStatus(view.state) !== null) return closeCompletion(view)
    on.escaped()
    return true
  }
  return [
    Prec.highest(
      keymap.of([
        { key: 'Enter', run: runUnlessChoosing },
        { key: 'Mod-Enter', run },
        { key: 'Shift-Enter', run: insertNewlineAndIndent },
        { key: 'Escape', run: leave },
        // Tab takes a candidate while they are shown; otherwise it leaves the editor, as it leaves every field.
        { key: 'Tab', run: takeFirst },
      ]),
    ),
    keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap]),
  ]
}

function offers(context: CompletionContext, settings: EditorSettings): CompletionResult | null {
  const { from, candidates } = completionAt(context.state.doc.toString(), context.pos, settings.fields)
  const isAsked = context.explicit || from < context.pos || /[:(|\s]/.test(charBefore(context))
  if (candidates.length === 0 || !isAsked) return null
  const fit = fitting(context.state.sliceDoc(from, context.pos), candidates)
  // The order is chosen here, so nothing may filter or sort again; typing on asks again.
  return { from, filter: false, options: fit.map(candidate => offer(candidate, settings.help(candidate))) }
}

function charBefore(context: CompletionContext): string {
  return context.state.sliceDoc(context.pos - 1, context.pos)
}

function offer(candidate: Candidate, help: string): Offer {
  const { text, kind } = candidate
  const opens = /[:([<>=]$/.test(text)
  return { label: text, apply: opens ? text : `${text} `, detail: help, type: kind }
}
