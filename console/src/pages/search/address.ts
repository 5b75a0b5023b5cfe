/**
 * Everything that the search page shows follows from its address.
 *
 * Hides: how a view is written in search parameters, and what is left out because it is the default.
 * Knows nothing of: the router, what the fields are.
 */

import { type CommonSearch, defined, oneOf, type RawSearch, readCommonSearch } from '../../state/address'
import { absoluteRange, DEFAULT_RANGE, type RangeChoice, relativeRange } from './range'
import { type RecordPlace, timeOfPlace } from './record'

/** The search parameters of the page, checked; all of them are texts. */
export type SearchParameters = CommonSearch & {
  /** The version of this way to write an address; links of version 1 stay readable. */
  v?: '1' | undefined
  query?: string | undefined
  /** `15m` and the like; not together with `from` and `to`. */
  range?: string | undefined
  /** ISO 8601 in UTC. */
  from?: string | undefined
  to?: string | undefined
  /** Separated by commas. */
  columns?: string | undefined
  sort?: 'asc' | undefined
  tab?: Tab | undefined
  record?: RecordPlace | undefined
  refresh?: Refresh | undefined
}

/** `answer`: the table of the SQL; `records`: the records that the search part finds. */
export type Tab = 'answer' | 'records'

/** How often the newest records are asked for. Unit: seconds. */
export type Refresh = '5' | '30'

/** What the page shows. */
export type SearchView = {
  query: string
  range: RangeChoice
  /** Names of columns; see `columns.ts`. */
  columns: readonly string[]
  /** `desc`: the newest first. */
  sort: 'desc' | 'asc'
  tab: Tab
  /** The record whose details are open. */
  record: RecordPlace | undefined
  refresh: Refresh | undefined
}

/** Endpoints stand together, because people read them together. */
export const DEFAULT_COLUMNS = [
  'time',
  'source',
  'destination',
  'translated',
  'protocol',
  'packets',
  'bytes',
  'action',
  'log-status',
] as const

/** The longest query that the server takes. Unit: bytes; the address is checked in characters. */
const QUERY_LENGTH_MAX = 12 * 1024

const COLUMNS_MAX = 48

/** Reads the parameters of an address; whatever is malformed is as if absent. */
export function readSearchParameters(raw: RawSearch): SearchParameters {
  const view: SearchView = {
    query: (raw.query ?? '').slice(0, QUERY_LENGTH_MAX),
    range: rangeOf(raw),
    columns: columnsOf(raw.columns),
    sort: raw.sort === 'asc' ? 'asc' : 'desc',
    tab: oneOf(raw.tab, ['answer', 'records']) ?? 'answer',
    record: raw.record !== undefined && timeOfPlace(raw.record) !== undefined ? raw.record : undefined,
    refresh: oneOf(raw.refresh, ['5', '30']),
  }
  return { ...readCommonSearch(raw), ...parametersOf(view) }
}

/** What checked parameters say. */
export function viewOf(parameters: SearchParameters): SearchView {
  return {
    query: parameters.query ?? '',
    range: rangeOf(parameters),
    columns: columnsOf(parameters.columns),
    sort: parameters.sort ?? 'desc',
    tab: parameters.tab ?? 'answer',
    record: parameters.record,
    refresh: parameters.refresh,
  }
}

/** The parameters that say what the view is; defaults are left out. */
export function parametersOf(view: SearchView): SearchParameters {
  const { range } = view
  const columns = view.columns.join(',')
  const isDefaultRange = range.kind === 'relative' && range.length === lengthOf(DEFAULT_RANGE)
  return defined({
    v: '1',
    query: view.query === '' ? undefined : view.query,
    range: range.kind === 'relative' && !isDefaultRange ? range.length : undefined,
    from: range.kind === 'absolute' ? new Date(range.from).toISOString() : undefined,
    to: range.kind === 'absolute' ? new Date(range.to).toISOString() : undefined,
    columns: columns === DEFAULT_COLUMNS.join(',') ? undefined : columns,
    sort: view.sort === 'asc' ? 'asc' : undefined,
    tab: view.tab === 'records' ? 'records' : undefined,
    record: view.record,
    refresh: view.refresh,
  })
}

function rangeOf(raw: {
  range?: string | undefined
  from?: string | undefined
  to?: string | undefined
}): RangeChoice {
  const absolute = absoluteRange(Date.parse(raw.from ?? ''), Date.parse(raw.to ?? ''))
  return absolute ?? relativeRange(raw.range ?? '') ?? DEFAULT_RANGE
}

function lengthOf(range: RangeChoice): string | undefined {
  return range.kind === 'relative' ? range.length : undefined
}

function columnsOf(text: string | undefined): readonly string[] {
  const names = (text ?? '').split(',').filter(name => /^[a-z0-9_-]{1,64}$/.test(name))
  const once = [...new Set(names)].slice(0, COLUMNS_MAX)
  return once.length === 0 ? DEFAULT_COLUMNS : once
}
