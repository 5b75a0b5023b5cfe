/**
 * Time ranges as they are chosen: relative to now, or between two moments.
 *
 * Hides: how ranges are written in the address, shifted and widened.
 * Knows nothing of: the clock (`now` is an argument), languages.
 */

/** From, included, to, excluded. Unit: Unix milliseconds. */
export type TimeRange = {
  from: number
  to: number
}

/** What the address says: `15m` before now, or between two moments. */
export type RangeChoice = { kind: 'relative'; length: string } | ({ kind: 'absolute' } & TimeRange)

/** The ranges of the quick list. */
export const QUICK_LENGTHS = ['5m', '15m', '1h', '4h', '24h', '7d'] as const

/** What a page shows when its address names no range. */
export const DEFAULT_RANGE: RangeChoice = { kind: 'relative', length: '15m' }

/** The longest range, about ten years: retention cannot be longer. Unit: milliseconds. */
const RANGE_MS_MAX = 3640 * 86_400_000

/** The shortest range. Unit: milliseconds. */
const RANGE_MS_MIN = 1000

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** The length that `15m`, `-6h` or `7 d` names; `undefined` for anything else. Unit: milliseconds. */
export function lengthMs(text: string): number | undefined {
  const found = /^-?\s*(\d{1,7})\s*([smhdw])$/i.exec(text.trim())
  const unit = UNITS[found?.[2]?.toLowerCase() ?? '']
  if (found === null || unit === undefined) return undefined
  const length = Number(found[1]) * unit
  return length >= RANGE_MS_MIN && length <= RANGE_MS_MAX ? length : undefined
}

/** The relative range that the text names, in its shortest spelling. */
export function relativeRange(text: string): RangeChoice | undefined {
  const isLength = lengthMs(text) !== undefined
  return isLength ? { kind: 'relative', length: text.replace(/[-\s]/g, '').toLowerCase() } : undefined
}

/** The absolute range between two moments, in whole milliseconds; `undefined` when it is empty or too long. */
export function absoluteRange(from: number, to: number): RangeChoice | undefined {
  const length = Math.round(to) - Math.round(from)
  const isUsable = Number.isFinite(length) && length >= RANGE_MS_MIN && length <= RANGE_MS_MAX
  return isUsable ? { kind: 'absolute', from: Math.round(from), to: Math.round(to) } : undefined
}

/** The moments that are meant when it is `now`. */
export function resolved(choice: RangeChoice, now: number): TimeRange {
  if (choice.kind === 'absolute') return { from: choice.from, to: choice.to }
  return { from: now - (lengthMs(choice.length) ?? 0), to: now }
}

/** The range of the same length before (-1) or after (+1) this one. */
export function shifted(range: TimeRange, lengths: -1 | 1): RangeChoice | undefined {
  const length = (range.to - range.from) * lengths
  return absoluteRange(range.from + length, range.to + length)
}

/** The range of three times the length with the same middle, not beyond `now`. */
export function zoomedOut(range: TimeRange, now: number): RangeChoice | undefined {
  const length = range.to - range.from
  const to = Math.max(range.to, Math.min(range.to + length, now))
  return absoluteRange(to - 3 * length, to)
}
