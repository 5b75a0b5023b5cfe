/**
 * The histogram of the question, and what the range lacks.
 *
 * Hides: which counts are drawn, when something is known to be missing.
 * Knows nothing of: drawing.
 */

import { Button } from '../../ui/button'
import { useWords } from '../../words/words'
import { useGaps, useHistogram } from './answers'
import { barsOf } from './buckets'
import { Histogram } from './histogram'
import styles from './histogram.module.css'
import { zoomedOut } from './range'
import type { SearchState } from './search-state'

export function HistogramPart({ page }: { page: SearchState }) {
  const { search } = useWords()
  const { all, refused } = useHistogram(page.question)
  const gaps = useGaps(page.question)
  if (all.error) return null
  if (!all.data) return <div className={styles.waiting} />

  const bars = barsOf(all.data.Interval, all.data.HistogramInfos, refused.data?.HistogramInfos ?? [])
  const wider = page.view.range.kind === 'absolute' ? zoomedOut(page.question.range, Date.now()) : undefined
  const actions = (
    <>
      {gaps > 0 && (
        <span className={styles.gaps}>
          <Button kind="quiet" icon="warning" onPress={() => page.show({ query: 'log-status:SKIPDATA' })}>
            {search.histogram.gaps(gaps)}
          </Button>
        </span>
      )}
      {wider && (
        <Button kind="quiet" onPress={() => page.show({ range: wider })}>
          {search.range.zoomOut}
        </Button>
      )}
    </>
  )
  return (
    <Histogram
      bars={bars}
      range={page.question.range}
      isStale={all.isPlaceholderData}
      actions={actions}
      onZoom={({ from, to }) => page.show({ range: { kind: 'absolute', from, to } })}
    />
  )
}
