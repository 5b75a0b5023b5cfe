/**
 * The steps of a histogram and what is drawn of them.
 *
 * Hides: which widths are nice, how counts become columns of a chart.
 * Knows nothing of: the chart library, languages.
 */

import type { Schema } from '../../api/client'
import type { TimeRange } from './range'

type Bucket = Schema<'HistogramBucket'>

/** Widths that fall on the clock. Unit: milliseconds. */
const WIDTHS_MS = [
  1, 10, 100, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000,
  2_592_000_000,
]

/** More bars than this cannot be told apart on a small screen; the server allows 200. */
const BUCKETS_MAX = 96

/** The narrowest nice width that fills the range with few enough buckets. Unit: milliseconds. */
export function intervalFor({ from, to }: TimeRange): number {
  const least = (to - from) / BUCKETS_MAX
  return WIDTHS_MS.find(width => width >= least) ?? least
}

/** What is drawn: for each bucket its start, all records, and the refused ones among them. */
export type Bars = {
  intervalMs: number
  startsMs: number[]
  totals: number[]
  refused: number[]
}

/** Joins the two counts; buckets outside the range hold nothing and are left out. */
export function barsOf(intervalMs: number, all: readonly Bucket[], refused: readonly Bucket[]): Bars {
  const refusedAt = new Map(refused.map(bucket => [bucket.BTime, bucket.Count]))
  return {
    intervalMs,
    startsMs: all.map(bucket => bucket.BTime),
    totals: all.map(bucket => bucket.Count),
    refused: all.map(bucket => refusedAt.get(bucket.BTime) ?? 0),
  }
}

/** The drawn range widened to whole buckets, so that the records of every bar it touches are found. */
export function snapped({ from, to }: TimeRange, intervalMs: number): TimeRange {
  return { from: Math.floor(from / intervalMs) * intervalMs, to: Math.ceil(to / intervalMs) * intervalMs }
}

/** The bucket with the most records; `undefined` when all are empty. */
export function highest(bars: Bars): { startMs: number; count: number } | undefined {
  const count = Math.max(0, ...bars.totals)
  const startMs = bars.startsMs[bars.totals.indexOf(count)]
  return count > 0 && startMs !== undefined ? { startMs, count } : undefined
}
