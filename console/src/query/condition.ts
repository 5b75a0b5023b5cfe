/**
 * Adds conditions to a query, as a click on a value does.
 *
 * Hides: how values are quoted, when parentheses are needed, that SQL follows the search.
 * Knows nothing of: pages, the server.
 */

import { type Token, tokens } from './tokens'

export type Condition = {
  field: string
  /** `undefined` asks for records without a value. */
  value: string | undefined
  wanted: 'include' | 'exclude'
}

export type QueryParts = {
  /** The search, trimmed; empty finds everything. */
  search: string
  /** The statement after the pipe, trimmed; `undefined` when there is no pipe. */
  sql: string | undefined
}

/** Cuts a query at the pipe. */
export function partsOf(query: string): QueryParts {
  const pipe = tokens(query).find(token => token.kind === 'pipe')
  if (pipe === undefined) return { search: query.trim(), sql: undefined }
  return { search: query.slice(0, pipe.from).trim(), sql: query.slice(pipe.to).trim() }
}

/** Whether the search finds everything. */
function findsAll(search: string): boolean {
  return search.trim() === '' || search.trim() === '*'
}

/** Joins search and SQL; everything is written `*` before a pipe. */
export function joined({ search, sql }: QueryParts): string {
  if (sql === undefined) return search
  return `${findsAll(search) ? '*' : search} | ${sql}`
}

/** `field:value`, with `NOT` before it when the value is to be left out. */
export function written({ field, value, wanted }: Condition): string {
  const condition = `${field}:${writtenValue(value ?? '')}`
  return wanted === 'include' ? condition : `NOT ${condition}`
}

/** The query with the condition; a condition that says the opposite is replaced, the same one is not repeated. */
export function withCondition(query: string, condition: Condition): string {
  const { search, sql } = partsOf(query)
  const opposite = written({ ...condition, wanted: condition.wanted === 'include' ? 'exclude' : 'include' })
  const kept = withoutCondition(search, opposite)
  return joined({ search: searchWith(kept, written(condition)), sql })
}

/** The search and one condition more, as it is written. */
export function searchWith(search: string, condition: string): string {
  if (findsAll(search)) return condition
  const parts = conjuncts(search)
  if (parts === undefined) return `(${search}) AND ${condition}`
  return parts.includes(condition) ? search : `${search} AND ${condition}`
}

function withoutCondition(search: string, condition: string): string {
  const parts = conjuncts(search)
  if (parts === undefined || !parts.includes(condition)) return search
  return parts.filter(part => part !== condition).join(' AND ')
}

/** The conditions that all must hold; `undefined` when an `OR` stands outside parentheses. */
function conjuncts(search: string): string[] | undefined {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens(search)) {
    if (token.kind === 'bracket') {
      depth += token.text === '(' ? 1 : -1
    }
    const operator = token.kind === 'operator' && depth === 0 ? token.text.toUpperCase() : ''
    if (operator === 'OR') return undefined
    const before = parts.at(-1) ?? []
    if (operator === 'AND' || startsCondition(token, before, depth)) {
      parts.push([])
    }
    if (operator !== 'AND') {
      parts.at(-1)?.push(token)
    }
  }
  return parts.filter(part => part.length > 0).map(part => search.slice(part.at(0)?.from, part.at(-1)?.to))
}

/** A space between two conditions means AND. */
function startsCondition(token: Token, before: Token[], depth: number): boolean {
  const last = before.at(-1)
  const lastIsComplete =
    last !== undefined && (['value', 'quoted', 'range'].includes(last.kind) || last.text === ')')
  const opens = token.text === '(' && depth === 1
  const starts = ['field', 'value', 'quoted', 'operator'].includes(token.kind) && depth === 0
  return lastIsComplete && (starts || opens)
}

/** A value bare if it may stand so, otherwise in quotes with what quotes give a meaning escaped. */
function writtenValue(value: string): string {
  const isBare = /^[\p{L}\p{N}_.][\p{L}\p{N}_.:/-]*$/u.test(value) && !/^(?:and|or|not)$/i.test(value)
  return isBare ? value : `"${value.replace(/["\\*]/g, '\\$&')}"`
}
