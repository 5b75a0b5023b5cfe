/**
 * What the page asks the server, and how long an answer is kept.
 *
 * Hides: operations, paging by context, which syntax is named how.
 * Knows nothing of: how answers look.
 */

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { ask } from '../../api/ask'
import { call, type Schema } from '../../api/client'
import { joined, partsOf, searchWith } from '../../query/condition'
import { quoted } from '../../query/sql'
import { intervalFor } from './buckets'
import type { TimeRange } from './range'
import { type FoundRecord, recordOf, timeOfPlace } from './record'

/** Which records of which topic. */
export type Question = {
  topic: string
  region: string | undefined
  /** Search and SQL, as written. */
  query: string
  range: TimeRange
}

/** Records per answer: some screens full, and quick. */
const PAGE_RECORDS = 200

/** The server returns no more than this many records to one question. */
export const RECORDS_MAX = 10_000

/** How many values of a field are shown. */
const TOP_VALUES = 5

/** The published number of CQL, the query language of this page. */
const CQL = 1

/** The records that the search part finds, page by page; the last answer stays until the next is there. */
export function useRecords(question: Question, sort: 'desc' | 'asc') {
  const { region } = question
  const request = {
    ...whereOf(question, partsOf(question.query).search),
    Sort: sort,
    Limit: PAGE_RECORDS,
  }
  return useInfiniteQuery({
    queryKey: ['SearchLog', region ?? '', request],
    queryFn: ({ signal, pageParam }) =>
      call('cls', 'SearchLog', { ...request, Context: pageParam }, { region, signal }),
    initialPageParam: '',
    getNextPageParam: page => (page.ListOver || page.Context === '' ? undefined : page.Context),
    select: recordsOf,
    placeholderData: keepPreviousData,
  })
}

/** Stands outside, so that the same pages give the same array. */
function recordsOf({ pages }: { pages: Schema<'SearchLogResponse'>[] }) {
  const records: FoundRecord[] = pages.flatMap(page => page.Results ?? []).map(recordOf)
  return { records, scanned: pages.at(-1)?.Scanned }
}

/** The table that the SQL part computes. */
export function useAnalysis(question: Question) {
  const { sql } = partsOf(question.query)
  return useQuery({
    ...askAnalysis(question, question.query),
    placeholderData: keepPreviousData,
    enabled: sql !== undefined,
  })
}

/** The counts of all records and of the refused ones among them. */
export function useHistogram(question: Question) {
  const { search } = partsOf(question.query)
  const all = useQuery({ ...askHistogram(question, search), placeholderData: keepPreviousData })
  const refused = useQuery({
    ...askHistogram(question, searchWith(search, 'action:REJECT')),
    placeholderData: keepPreviousData,
  })
  return { all, refused }
}

/** How many windows of the range are known to be incomplete, whatever the search finds. */
export function useGaps(question: Question): number {
  const { data } = useQuery({
    ...askHistogram(question, 'log-status:SKIPDATA'),
    placeholderData: keepPreviousData,
  })
  return data?.TotalCount ?? 0
}

/** How many records the search finds; `undefined` until it is counted. */
export function useHistogramTotal(question: Question): number | undefined {
  return useHistogram(question).all.data?.TotalCount
}

/** The field table. It changes only with the server's version. */
export function useFields() {
  const { data } = useQuery({ ...ask('natlens', 'DescribeFields', {}), staleTime: Number.POSITIVE_INFINITY })
  return data?.Fields ?? NO_FIELDS
}

const NO_FIELDS: Schema<'RecordField'>[] = []

/** The topic, for its name and whether it has an index. */
export function useTopic(topic: string, region: string | undefined) {
  const request = { Filters: [{ Key: 'topicId', Values: [topic] }], Limit: 1 }
  const { data } = useQuery(ask('cls', 'DescribeTopics', request, region))
  return data?.Topics[0]
}

/** The most frequent values of a field among the records that the search finds. */
export function useTopValues(question: Question, field: string) {
  const name = quoted(field)
  return useComputed(
    question,
    `SELECT ${name} AS value, count(*) AS n GROUP BY ${name} ORDER BY n DESC LIMIT ${TOP_VALUES}`,
  )
}

/** Sum, average, least and most of a field that counts, among the records that the search finds. */
export function useTotals(question: Question, field: string) {
  const name = quoted(field)
  return useComputed(
    question,
    `SELECT sum(${name}) AS total, avg(${name}) AS average, min(${name}) AS least, max(${name}) AS most`,
  )
}

/** Computes from the records that the search finds, in place of what the question's own SQL would. */
function useComputed(question: Question, sql: string) {
  const { search } = partsOf(question.query)
  return useQuery({
    ...askAnalysis(question, joined({ search, sql })),
    placeholderData: keepPreviousData,
  })
}

/** The record of a place, asked alone; for links to a record that is not on the page. */
export function useRecordAt(question: Question, place: string | undefined, enabled: boolean) {
  const time = timeOfPlace(place ?? '') ?? 0
  const range = { from: time, to: time + 1 }
  const request = { ...whereOf({ ...question, range }, ''), Limit: 1000 }
  return useQuery({
    ...ask('cls', 'SearchLog', request, question.region),
    enabled: enabled && place !== undefined,
    select: answer => (answer.Results ?? []).map(recordOf).find(record => record.place === place),
  })
}

/** Counts over the range what `search` finds. */
function askHistogram({ topic, region, range }: Question, search: string) {
  const request = {
    TopicId: topic,
    From: range.from,
    To: range.to,
    Query: search,
    SyntaxRule: CQL,
    Interval: intervalFor(range),
  }
  return ask('cls', 'DescribeLogHistogram', request, region)
}

/** Computes the SQL of `query` over the range. */
function askAnalysis(question: Question, query: string) {
  const request = { ...whereOf(question, query), UseNewAnalysis: true }
  return ask('cls', 'SearchLog', request, question.region)
}

/** Topic, range and query, as operations take them. */
export function whereOf({ topic, range }: Question, query: string) {
  return { TopicId: topic, From: range.from, To: range.to, QueryString: query, QuerySyntax: CQL }
}
