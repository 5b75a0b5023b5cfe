/**
 * The search page: question above, counts over time, fields at the left, the answer, one record at the right.
 *
 * Hides: how the parts are put together.
 * Knows nothing of: what each part looks like.
 */

import { useIsFetching, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { ApiError } from '../../api/client'
import type { QueryEditorHandle } from '../../query/query-editor'
import { useTitle } from '../../shell/page'
import { Button, IconButton } from '../../ui/button'
import { useWords } from '../../words/words'
import { AnswerPart } from './answer-part'
import { useAnalysis, useFields, useHistogram, useTopic } from './answers'
import { ColumnMenu } from './column-menu'
import { FieldList } from './field-list'
import { HistogramPart } from './histogram-part'
import { KeyHelp } from './key-help'
import { NoIndex } from './outcome'
import { QueryBar } from './query-bar'
import { shifted, zoomedOut } from './range'
import styles from './search-page.module.css'
import { type SearchState, useSearchState } from './search-state'
import { useKeys } from './use-keys'

export function SearchPage() {
  const { search, usage } = useWords()
  const page = useSearchState()
  const { topic, region } = page.question
  const fields = useFields()
  const known = useTopic(topic, region)
  const editor = useRef<QueryEditorHandle>(null)
  const [showsFields, setShowsFields] = useState(false)
  const [showsKeys, setShowsKeys] = useState(false)
  const refusal = useRefusal(page)
  const { isRunning, stop } = useRunning()
  usePageKeys(page, { focus: () => editor.current?.focus(), help: () => setShowsKeys(true), stop })
  const name = known?.TopicName ?? topic
  useTitle(search.pageTitle(name))

  return (
    <div className={styles.page} data-fields={showsFields || undefined}>
      <header className={styles.title}>
        <h1>
          <span className={styles.kind}>{search.topic}</span> {name}
        </h1>
        <span className={styles.fieldsButton}>
          <Button
            kind="quiet"
            icon="menu"
            aria-expanded={showsFields}
            onPress={() => setShowsFields(!showsFields)}
          >
            {search.fields.label}
          </Button>
        </span>
        <Link to="/topics/$topic/usage" params={{ topic }}>
          {usage.link}
        </Link>
        <ColumnMenu page={page} fields={fields} />
        <span className={styles.keysButton}>
          <IconButton icon="keyboard" label={search.keys.title} onPress={() => setShowsKeys(true)} />
        </span>
      </header>
      <QueryBar
        page={page}
        fields={fields}
        refusal={refusal}
        isRunning={isRunning}
        onStop={stop}
        editor={editor}
      />
      {known?.Index === false ? (
        <div className={styles.noIndex}>
          <NoIndex topic={topic} />
        </div>
      ) : (
        <>
          <HistogramPart page={page} />
          <FieldList page={page} fields={fields} />
          <AnswerPart page={page} fields={fields} />
        </>
      )}
      {showsKeys && <KeyHelp onClose={() => setShowsKeys(false)} />}
    </div>
  )
}

/** What the server says against the query: its search is read first, then its SQL. */
function useRefusal({ question }: SearchState): ApiError | undefined {
  const { all } = useHistogram(question)
  const analysis = useAnalysis(question)
  const error = all.error ?? analysis.error
  return error instanceof ApiError ? error : undefined
}

/** Whether an answer is being waited for, and how to wait no longer. */
function useRunning() {
  const queryClient = useQueryClient()
  const isRunning =
    useIsFetching({ queryKey: ['SearchLog'] }) + useIsFetching({ queryKey: ['DescribeLogHistogram'] }) > 0
  const stop = () => {
    void queryClient.cancelQueries({ queryKey: ['SearchLog'] })
    void queryClient.cancelQueries({ queryKey: ['DescribeLogHistogram'] })
  }
  return { isRunning: useDelayed(isRunning), stop }
}

/** An answer that comes sooner needs no button to stop it. Unit: milliseconds. */
const STOP_SHOWN_AFTER = 300

/** `condition` once it has held for a while. */
function useDelayed(condition: boolean): boolean {
  const [delayed, setDelayed] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(condition), condition ? STOP_SHOWN_AFTER : 0)
    return () => clearTimeout(timer)
  }, [condition])
  return delayed
}

function usePageKeys(page: SearchState, deeds: { focus(): void; help(): void; stop(): void }): void {
  const { range } = page.question
  const go = (next: ReturnType<typeof shifted>) => next && page.show({ range: next })
  useKeys({
    '/': deeds.focus,
    '?': deeds.help,
    Escape: deeds.stop,
    '.': page.look,
    '[': () => go(shifted(range, -1)),
    ']': () => go(shifted(range, 1)),
    z: () => go(zoomedOut(range, Date.now())),
  })
}
