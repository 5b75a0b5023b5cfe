/**
 * The bar above everything: the query, the time range, and the button that asks.
 *
 * Hides: how the server's mistakes and the editor's own come together.
 * Knows nothing of: answers.
 */

import { type Ref, useId, useMemo } from 'react'
import type { ApiError, Schema } from '../../api/client'
import { type Candidate, type KnownField, unknownFields } from '../../query/completion'
import type { Mistake } from '../../query/editor'
import { placeOfBytes } from '../../query/place'
import { QueryEditor, type QueryEditorHandle } from '../../query/query-editor'
import { plainMessage } from '../../query/refusal'
import { nearest } from '../../query/spelling'
import { usePreferences } from '../../state/preferences'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { useWords, type Words } from '../../words/words'
import styles from './query-bar.module.css'
import { RangePicker } from './range-picker'
import { RefreshControl } from './refresh-control'
import type { SearchState } from './search-state'

export type QueryBarProps = {
  page: SearchState
  fields: readonly Schema<'RecordField'>[]
  /** What the server says against the query that was run. */
  refusal: ApiError | undefined
  isRunning: boolean
  onStop(): void
  editor: Ref<QueryEditorHandle>
}

export function QueryBar({ page, fields, refusal, isRunning, onStop, editor }: QueryBarProps) {
  const words = useWords()
  const { language } = usePreferences()
  const messageId = useId()
  const { draft, view } = page
  const settings = useMemo(
    () => ({
      label: words.search.query.label,
      placeholder: words.search.query.placeholder,
      fields,
      help: (candidate: Candidate) => helpOf(candidate, fields, words, language),
    }),
    [words, fields, language],
  )
  const answersDraft = draft.trim() === view.query
  const mistakes = useMemo(
    () => (refusal && answersDraft ? refusedAt(draft, refusal) : unknownAt(draft, settings.fields, words)),
    [refusal, answersDraft, draft, settings, words],
  )
  const first = mistakes[0]
  return (
    <section className={styles.bar} aria-label={words.search.query.label}>
      <div className={styles.editor}>
        <span className={styles.sign}>
          <Icon name="search" />
        </span>
        <QueryEditor
          ref={editor}
          query={draft}
          settings={settings}
          mistakes={mistakes}
          describedBy={first && messageId}
          onChange={page.write}
          onRun={page.run}
          onEscape={onStop}
        />
      </div>
      <div className={styles.controls}>
        <RangePicker page={page} />
        <RefreshControl page={page} />
        {isRunning ? (
          <Button icon="stop" onPress={onStop}>
            {words.search.query.stop}
          </Button>
        ) : (
          <Button kind="primary" onPress={page.run}>
            {words.search.query.run}
          </Button>
        )}
      </div>
      {first && (
        <p id={messageId} className={`${styles.message} ${styles[first.severity]}`} role="status">
          <Icon name="warning" size={14} /> {first.message}
        </p>
      )}
    </section>
  )
}

function helpOf(
  { kind, text, field, form }: Candidate,
  fields: readonly Schema<'RecordField'>[],
  { search }: Words,
  language: string,
): string {
  const meant = fields.find(({ Name }) => Name === field)
  if (kind === 'field') return (language === 'zh-CN' ? meant?.HelpZh : meant?.Help) ?? ''
  const operators: Record<string, string> = search.query.operators
  return form ?? operators[text] ?? ''
}

function refusedAt(query: string, { position, message }: ApiError): Mistake[] {
  if (position === undefined) return []
  const place = placeOfBytes(query, position.Offset, position.Length)
  return [{ ...place, severity: 'error', message: plainMessage(message) }]
}

function unknownAt(query: string, fields: readonly KnownField[], { common, search }: Words): Mistake[] {
  return unknownFields(query, fields).map(({ text, from, to }) => {
    const meant = nearest(
      text,
      fields.map(({ Name }) => Name),
    )
    const unknown = search.query.unknownField(text)
    const message = meant === undefined ? unknown : common.sentences(unknown, search.query.didYouMean(meant))
    return { from, to, severity: 'warning', message }
  })
}
