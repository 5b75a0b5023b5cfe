/**
 * An answer, or what stands in its place: it is awaited, nothing was found, it failed, it was stopped.
 *
 * Hides: which hints help.
 * Knows nothing of: how answers look.
 */

import type { ReactNode } from 'react'
import { ApiError } from '../../api/client'
import { partsOf } from '../../query/condition'
import { plainMessage } from '../../query/refusal'
import { Button } from '../../ui/button'
import { Empty, Pending } from '../../ui/marks'
import { Notice, sayError } from '../../ui/notice'
import { useWords } from '../../words/words'
import { lengthInWords } from './format'
import { lengthMs, QUICK_LENGTHS } from './range'
import styles from './search-page.module.css'
import type { SearchState } from './search-state'

export type OutcomeProps = {
  page: SearchState
  answer: { error: Error | null; isPending: boolean; fetchStatus: string; refetch(): unknown }
  children: ReactNode
}

/** The answer, or what stands in its place. */
export function Outcome({ page, answer, children }: OutcomeProps) {
  const { error, isPending, fetchStatus, refetch } = answer
  if (error) return <Failure error={error} topic={page.question.topic} onRetry={() => void refetch()} />
  if (!isPending) return children
  return fetchStatus === 'fetching' ? <Pending /> : <Stopped onRetry={() => void refetch()} />
}

/** Says that no record was found, and offers a longer range or a search without conditions. */
export function NothingFound({ page }: { page: SearchState }) {
  const { search } = useWords()
  const { from, to } = page.question.range
  const wider = QUICK_LENGTHS.filter(length => (lengthMs(length) ?? 0) > to - from).slice(0, 2)
  const { search: conditions } = partsOf(page.view.query)
  return (
    <Empty title={search.records.emptyTitle}>
      <p>{conditions === '' ? search.records.emptyTopic : search.records.emptyQuery}</p>
      <div className={styles.hints}>
        {wider.map(length => (
          <Button key={length} onPress={() => page.show({ range: { kind: 'relative', length } })}>
            {search.records.widen(lengthInWords(length, search.range))}
          </Button>
        ))}
        {conditions !== '' && (
          <Button onPress={() => page.show({ query: '' })}>{search.records.without}</Button>
        )}
      </div>
    </Empty>
  )
}

/** The code of an answer about a topic whose index was deleted or switched off. */
const NO_INDEX = 'ResourceNotFound.IndexNotExist'

/** Says that the topic cannot be searched. */
export function NoIndex({ topic }: { topic: string }) {
  const { search } = useWords()
  return (
    <Empty title={search.records.noIndexTitle}>
      <p>{search.records.noIndex}</p>
      <code className={styles.command}>{`natlens index create ${topic}`}</code>
    </Empty>
  )
}

/** Says that the person stopped the search. */
function Stopped({ onRetry }: { onRetry(): void }) {
  const { common, search } = useWords()
  return (
    <Empty title={search.records.stoppedTitle}>
      <p>{search.records.stopped}</p>
      <Button onPress={onRetry}>{common.retry}</Button>
    </Empty>
  )
}

/** Says what failed, with the code and the request by which the server's log names it. */
function Failure({ error, topic, onRetry }: { error: Error; topic: string; onRetry(): void }) {
  const words = useWords()
  if (error instanceof ApiError && error.code === NO_INDEX) return <NoIndex topic={topic} />
  const isPublished = error instanceof ApiError && error.requestId !== ''
  return (
    <Notice
      tone="bad"
      title={words.errors.title}
      action={<Button onPress={onRetry}>{words.common.retry}</Button>}
    >
      <p>{plainMessage(sayError(error, words))}</p>
      {isPublished && (
        <p className={styles.code}>
          <code>{error.code}</code> · {words.errors.request(error.requestId)}
        </p>
      )}
    </Notice>
  )
}
