/**
 * Draws a histogram and lets a part of it be chosen by dragging.
 *
 * Hides: uPlot.
 * Knows nothing of: React, the address, what the counts mean.
 */

import uPlot from 'uplot'
import type { ChartColors } from '../../theme/colors'
import type { Bars } from './buckets'
import { count, moment, shortMoment } from './format'
import type { TimeRange } from './range'

export type ChartSettings = {
  bars: Bars
  range: TimeRange
  colors: ChartColors
  language: string
  /** The font of the axes, as canvas takes it. */
  font: string
}

export type ChartEvents = {
  /** A range was chosen by dragging. */
  chosen(range: TimeRange): void
  /** The pointer is over a bar, or over none. */
  pointed(index: number | undefined): void
}

/** Height of the drawing with its time axis. Unit: CSS pixels. */
export const CHART_HEIGHT = 120

/** A drag shorter than this is a slip of the hand. Unit: CSS pixels. */
const DRAG_MIN = 4

/** Draws into `parent` at its width. */
export function drawHistogram(parent: HTMLElement, settings: ChartSettings, on: ChartEvents): uPlot {
  return new uPlot(
    {
      width: Math.max(1, parent.clientWidth),
      height: CHART_HEIGHT,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      ms: 1,
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: DRAG_MIN },
      },
      scales: {
        x: { time: true, range: [settings.range.from, settings.range.to] },
        y: { range: (_, __, max) => [0, Math.max(1, max * 1.05)] },
      },
      series: [{}, barSeries(settings.colors.accept, settings), barSeries(settings.colors.reject, settings)],
      axes: [timeAxis(settings), countAxis(settings)],
      hooks: {
        setSelect: [chart => choose(chart, on)],
        setCursor: [chart => on.pointed(barAt(chart, settings.bars))],
      },
    },
    columns(settings.bars),
    parent,
  )
}

/** Middles of the bars, so that a bar stands over its own span; all records behind, the refused ones in front. */
function columns({ startsMs, intervalMs, totals, refused }: Bars): uPlot.AlignedData {
  return [startsMs.map(start => start + intervalMs / 2), totals, refused]
}

function barSeries(color: string, { bars, range }: ChartSettings): uPlot.Series {
  const share = Math.min(1, bars.intervalMs / (range.to - range.from))
  return {
    fill: color,
    width: 0,
    points: { show: false },
    paths: (chart, ...place) => {
      const filled = share * chart.width > 5 ? 0.86 : 1
      return uPlot.paths.bars?.({ size: [filled, Number.POSITIVE_INFINITY, 1] })(chart, ...place) ?? null
    },
  }
}

function timeAxis({ colors, font, range }: ChartSettings): uPlot.Axis {
  return {
    stroke: colors.text,
    font,
    size: 26,
    gap: 4,
    space: 88,
    grid: { show: false },
    ticks: { stroke: colors.line, size: 4, width: 1 },
    values: (_, splits) => splits.map(split => shortMoment(split, range.to - range.from)),
  }
}

function countAxis({ colors, font, language }: ChartSettings): uPlot.Axis {
  return {
    stroke: colors.text,
    font,
    size: 52,
    gap: 6,
    space: 34,
    grid: { stroke: colors.line, width: 1 },
    ticks: { show: false },
    incrs: [1, 2, 5]
      .flatMap(step => Array.from({ length: 12 }, (_, power) => step * 10 ** power))
      .toSorted((a, b) => a - b),
    values: (_, splits) => splits.map(split => compact(split, language)),
  }
}

function compact(value: number, language: string): string {
  return value < 10_000
    ? count(value, language)
    : new Intl.NumberFormat(language, { notation: 'compact' }).format(value)
}

function choose(chart: uPlot, on: ChartEvents): void {
  const { left, width } = chart.select
  if (width < DRAG_MIN) return
  const range = { from: chart.posToVal(left, 'x'), to: chart.posToVal(left + width, 'x') }
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  on.chosen(range)
}

function barAt(chart: uPlot, { startsMs, intervalMs }: Bars): number | undefined {
  const left = chart.cursor.left ?? -1
  if (left < 0) return undefined
  const at = chart.posToVal(left, 'x')
  const index = startsMs.findLastIndex(start => start <= at)
  const start = startsMs[index]
  return start !== undefined && at < start + intervalMs ? index : undefined
}

/** `14:03:00 – 14:04:00` of one bar. */
export function spanOfBar(startMs: number, intervalMs: number): string {
  const [day = '', from = ''] = moment(startMs).split(' ')
  const [lastDay = '', to = ''] = moment(startMs + intervalMs).split(' ')
  const short = (time: string) => (intervalMs % 1000 === 0 ? time.slice(0, 8) : time)
  return `${day} ${short(from)} – ${lastDay === day ? '' : `${lastDay} `}${short(to)}`
}
