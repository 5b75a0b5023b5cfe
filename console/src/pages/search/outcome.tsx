/**
 * What stands where an answer would: nothing was found, it failed, it was stopped.
 *
 * Hides: which hints help.
 * Knows nothing of: how answers look.
 */

import { ApiError } from '../../api/client'
import { partsOf } from '../../query/condition'
import { plainMessage } from '../../query/refusal'
import { Button } from '../../ui/button'
import { Empty } from '../../ui/marks'
import { Notice, sayError } from '../../ui/notice'
import { useWords } from '../../words/words'
import { lengthInWords } from './format'
import { lengthMs, QUICK_LENGTHS } from './range'
import styles from './search-page.module.css'
import type { SearchState } from './search-state'

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
export function Stopped({ onRetry }: { onRetry(): void }) {
  const { common, search } = useWords()
  return (
    <Empty title={search.records.stoppedTitle}>
      <p>{search.records.stopped}</p>
      <Button onPress={onRetry}>{common.retry}</Button>
    </Empty>
  )
}

/** Says what failed, with the code and the request by which the server's log names it. */
export function Failure({ error, topic, onRetry }: { error: Error; topic: string; onRetry(): void }) {
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
