/**
 * The histogram: how many records over time, how many of them refused; dragging over it zooms.
 *
 * Hides: the drawing, its redrawing at another size or theme, its words and table for who cannot see it.
 * Knows nothing of: the address; a chosen range is handed up.
 */

import { type ReactNode, type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import { usePreferences } from '../../state/preferences'
import { useChartColors } from '../../theme/colors'
import { Button } from '../../ui/button'
import { useWords } from '../../words/words'
import { type Bars, highest, snapped } from './buckets'
import { count, moment, shortLength } from './format'
import styles from './histogram.module.css'
import { CHART_HEIGHT, drawHistogram, spanOfBar } from './histogram-chart'
import type { TimeRange } from './range'

export type HistogramProps = {
  bars: Bars
  range: TimeRange
  /** Whether newer counts are on their way. */
  isStale: boolean
  /** What else can be done with the range. */
  actions: ReactNode
  onZoom(range: TimeRange): void
}

export function Histogram({ bars, range, isStale, actions, onZoom }: HistogramProps) {
  const { search } = useWords()
  const [asTable, setAsTable] = useState(false)
  const [pointed, setPointed] = useState<number>()
  const zoom = (chosen: TimeRange) => onZoom(snapped(chosen, bars.intervalMs))
  return (
    <figure className={styles.figure} aria-label={search.histogram.label} data-stale={isStale || undefined}>
      <figcaption className={styles.caption}>
        <Legend bars={bars} pointed={pointed} />
        {actions}
        <Button kind="quiet" onPress={() => setAsTable(!asTable)}>
          {asTable ? search.histogram.asChart : search.histogram.asTable}
        </Button>
      </figcaption>
      {asTable ? (
        <CountTable bars={bars} onZoom={onZoom} />
      ) : (
        <Drawing bars={bars} range={range} onZoom={zoom} onPoint={setPointed} />
      )}
      <p className={styles.unseen}>{useSummary(bars, range)}</p>
    </figure>
  )
}

/** The counts of the bar under the pointer, or of all of them. */
function Legend({ bars, pointed }: { bars: Bars; pointed: number | undefined }) {
  const { search } = useWords()
  const { language } = usePreferences()
  const start = pointed === undefined ? undefined : bars.startsMs[pointed]
  const isBar = start !== undefined && pointed !== undefined
  const total = isBar ? (bars.totals[pointed] ?? 0) : sum(bars.totals)
  const refused = isBar ? (bars.refused[pointed] ?? 0) : sum(bars.refused)
  return (
    <div className={styles.legend}>
      <strong>
        {total === 1 ? search.histogram.oneRecord : search.histogram.records(count(total, language))}
      </strong>
      {refused > 0 && (
        <span className={styles.refused}>{search.histogram.refused(count(refused, language))}</span>
      )}
      <span className={styles.note}>
        {isBar ? spanOfBar(start, bars.intervalMs) : search.histogram.each(shortLength(bars.intervalMs))}
      </span>
      {!isBar && <span className={styles.hint}>{search.histogram.zoomHint}</span>}
    </div>
  )
}

type DrawingProps = Pick<HistogramProps, 'bars' | 'range' | 'onZoom'> & {
  onPoint(index: number | undefined): void
}

function Drawing({ bars, range, onZoom, onPoint }: DrawingProps) {
  const parent = useRef<HTMLDivElement>(null)
  const colors = useChartColors()
  const { language } = usePreferences()
  const width = useWidth(parent)
  const events = useRef({ onZoom, onPoint })
  events.current = { onZoom, onPoint }

  useEffect(() => {
    if (parent.current === null || width === 0) return
    const font = `11px ${getComputedStyle(parent.current).fontFamily}`
    const chart = drawHistogram(
      parent.current,
      { bars, range, colors, language, font },
      { chosen: chosen => events.current.onZoom(chosen), pointed: index => events.current.onPoint(index) },
    )
    return () => chart.destroy()
  }, [bars, range, colors, language, width])

  return <div className={styles.chart} ref={parent} aria-hidden="true" style={{ height: CHART_HEIGHT }} />
}

function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    if (element.current === null) return
    const observer = new ResizeObserver(entries => setWidth(Math.floor(entries[0]?.contentRect.width ?? 0)))
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element])
  return width
}

/** The bars that hold records, as rows; each zooms as a drag over its bar would. */
function CountTable({ bars, onZoom }: Pick<HistogramProps, 'bars' | 'onZoom'>) {
  const { search } = useWords()
  const { language } = usePreferences()
  const rows = useMemo(() => bars.startsMs.map((start, index) => ({ start, index })), [bars])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={styles.tableFrame} aria-label={search.histogram.label} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{search.histogram.span}</th>
            <th scope="col">{search.histogram.all}</th>
            <th scope="col">{search.histogram.refusedOnly}</th>
          </tr>
        </thead>
        <tbody>
          {rows
            .filter(({ index }) => (bars.totals[index] ?? 0) > 0)
            .map(({ start, index }) => {
              const span = spanOfBar(start, bars.intervalMs)
              return (
                <tr key={start}>
                  <th scope="row">
                    <button
                      type="button"
                      aria-label={search.histogram.zoomTo(span)}
                      onClick={() => onZoom({ from: start, to: start + bars.intervalMs })}
                    >
                      {span}
                    </button>
                  </th>
                  <td>{count(bars.totals[index] ?? 0, language)}</td>
                  <td>{count(bars.refused[index] ?? 0, language)}</td>
                </tr>
              )
            })}
        </tbody>
      </table>
    </section>
  )
}

/** What the drawing shows, in a sentence or two. */
function useSummary(bars: Bars, { from, to }: TimeRange): string {
  const { common, search } = useWords()
  const { language } = usePreferences()
  const total = count(sum(bars.totals), language)
  const refused = count(sum(bars.refused), language)
  const summary = search.histogram.summary(total, refused, moment(from), moment(to))
  const top = highest(bars)
  if (!top) return summary
  const span = spanOfBar(top.startMs, bars.intervalMs)
  return common.sentences(summary, search.histogram.highest(count(top.count, language), span))
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, value) => total + value, 0)
}
