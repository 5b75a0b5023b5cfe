/**
 * What can stand at a place of a query: fields, values, operators, SQL.
 *
 * Hides: which of them fits where, and what is replaced.
 * Knows nothing of: the editor's popup, the language of the help.
 */

import { partsOf } from './condition'
import { SQL_FUNCTIONS, SQL_WORDS, sqlName } from './sql'
import { type Token, tokens } from './tokens'
import { wordsOf } from './values'

export type Candidate = {
  kind: 'field' | 'value' | 'operator' | 'sql-word' | 'sql-function'
  /** What is shown. */
  label: string
  /** What is written. */
  written: string
  /** The field that it is, or that it is a value of. */
  field?: string
}

export type Completion = {
  /** From where the candidates replace the text. */
  from: number
  candidates: Candidate[]
}

const OPERATORS: Candidate[] = ['AND', 'OR', 'NOT'].map(word => ({
  kind: 'operator',
  label: word,
  written: `${word} `,
}))

/** The candidates at `cursor`; the editor keeps those that fit what is typed. */
export function completionAt(query: string, cursor: number, fields: readonly string[]): Completion {
  const before = tokens(query.slice(0, cursor))
  const last = before.at(-1)
  const isTyping = last !== undefined && last.to === cursor && isWord(last)
  const from = isTyping ? last.from : cursor
  const behind = isTyping ? before.slice(0, -1) : before

  if (behind.some(token => token.kind === 'pipe')) {
    return { from, candidates: sqlCandidates(fields) }
  }
  const field = fieldOfValue(behind)
  if (field !== undefined) {
    return { from, candidates: valueCandidates(field) }
  }
  const afterCondition = endsCondition(behind.at(-1))
  return {
    from,
    candidates: [...(afterCondition ? OPERATORS : OPERATORS.slice(2)), ...fieldCandidates(fields)],
  }
}

/** Whether typing goes on with this token; brackets, colons and quotes are finished. */
function isWord(token: Token): boolean {
  return ['field', 'value', 'operator', 'sql-word', 'sql-function', 'sql-name'].includes(token.kind)
}

/** The field whose value is typed next, also inside `field:(A OR …`. */
function fieldOfValue(before: Token[]): string | undefined {
  const last = before.at(-1)
  if (last?.kind === 'colon' || last?.kind === 'sign') {
    return before.findLast(token => token.kind === 'field')?.text
  }
  const opened = before.findLastIndex(token => token.text === '(' && token.kind === 'bracket')
  const closed = before.findLastIndex(token => token.text === ')' && token.kind === 'bracket')
  const inGroup = opened > closed && before[opened - 1]?.kind === 'colon'
  const valueIsDone = last?.kind === 'value' || last?.kind === 'quoted'
  return inGroup && !valueIsDone ? before[opened - 2]?.text : undefined
}

function endsCondition(last: Token | undefined): boolean {
  return last !== undefined && (['value', 'quoted', 'range'].includes(last.kind) || last.text === ')')
}

function valueCandidates(field: string): Candidate[] {
  return wordsOf(field).map(word => ({ kind: 'value', label: word, written: word, field }))
}

function fieldCandidates(fields: readonly string[]): Candidate[] {
  return fields.map(field => ({ kind: 'field', label: field, written: `${field}:`, field }))
}

function sqlCandidates(fields: readonly string[]): Candidate[] {
  const functions = SQL_FUNCTIONS.map(
    ([name, args]): Candidate => ({ kind: 'sql-function', label: `${name}${args}`, written: `${name}(` }),
  )
  const words = SQL_WORDS.map((word): Candidate => ({ kind: 'sql-word', label: word, written: `${word} ` }))
  const names = fields.map(
    (field): Candidate => ({ kind: 'field', label: field, written: sqlName(field), field }),
  )
  return [...names, ...functions, ...words]
}

/** The names in the search part that are fields of no record. */
export function unknownFields(query: string, fields: readonly string[]): Token[] {
  const known = new Set([...fields, '__TIMESTAMP__', '_exists_'])
  return partsOf(query).search === '' || fields.length === 0
    ? []
    : tokens(query).filter(token => token.kind === 'field' && !known.has(token.text))
}
