/**
 * What can stand at a place of a query: fields, values, operators, SQL.
 *
 * Hides: how far the unfinished text is understood, and what is offered where.
 * Knows nothing of: the editor's popup, the language of the help.
 *
 * It offers what the server's own completion offers; `fixtures/query/completion.golden` holds both to it.
 */

import { partsOf } from './condition'
import { SQL_WORDS, sqlName } from './sql'
import { fieldName, type Token, tokens } from './tokens'
import { wordsOf } from './values'

export type Candidate = {
  kind: 'field' | 'value' | 'operator' | 'sql-word'
  /** What is written. */
  text: string
  /** The field that it is, or that it is a value of. */
  field?: string
  /** What a function takes. */
  form?: string
}

export type Completion = {
  /** From where a candidate replaces the text. */
  from: number
  /** All that could stand there; those that fit what is typed are chosen by `fitting`. */
  candidates: Candidate[]
}

/** What completion knows of a field. */
export type KnownField = { Name: string; Kind: string }

const OPENERS = ['NOT', '*'].map(operator)
const JOINTS = ['AND', 'OR', 'NOT', '|'].map(operator)
const SIGNS = ['>', '>=', '<', '<=', '['].map(operator)
const PRESENCE = ['*'].map(operator)

function operator(text: string): Candidate {
  return { kind: 'operator', text }
}

/** The candidates at `cursor`; none where the text before it cannot be understood. */
export function completionAt(query: string, cursor: number, fields: readonly KnownField[]): Completion {
  const before = tokens(query.slice(0, cursor))
  const last = before.at(-1)
  const isTyping = last !== undefined && last.to === cursor && isWord(last)
  const from = isTyping ? last.from : cursor
  return { from, candidates: offersAfter(isTyping ? before.slice(0, -1) : before, fields) }
}

/** The candidates that continue what was typed, before those that only contain it. */
export function fitting(typed: string, candidates: readonly Candidate[]): Candidate[] {
  const bare = (text: string) => text.replace(/^"|"$/g, '').toLowerCase()
  const wanted = bare(typed)
  const containing = candidates.filter(({ text }) => bare(text).includes(wanted))
  const continues = ({ text }: Candidate) => bare(text).startsWith(wanted)
  return [...containing.filter(continues), ...containing.filter(candidate => !continues(candidate))]
}

/** The names in the search part that are fields of no record. */
export function unknownFields(query: string, fields: readonly KnownField[]): Token[] {
  const known = new Set([...fields.map(({ Name }) => Name), '__TIMESTAMP__', '_exists_'])
  return partsOf(query).search === '' || fields.length === 0
    ? []
    : tokens(query).filter(token => token.kind === 'field' && !known.has(fieldName(token)))
}

/** Whether typing goes on with this token; brackets, signs and quoted values are finished. */
function isWord(token: Token): boolean {
  return ['field', 'value', 'operator', 'sql-word', 'sql-function', 'sql-name'].includes(token.kind)
}

function offersAfter(before: readonly Token[], fields: readonly KnownField[]): Candidate[] {
  const last = before.at(-1)
  if (before.some(token => token.kind === 'pipe')) return sqlCandidates(fields)
  if (last?.kind === 'quoted' && !isClosed(last.text)) return []
  if (last?.kind === 'colon' || last?.kind === 'sign') return valuesOf(fieldBefore(before), fields)
  if (last !== undefined && (['value', 'quoted', 'range'].includes(last.kind) || last.text === ')'))
    return JOINTS
  const listed = fieldOfList(before)
  return listed === undefined ? [...fieldCandidates(fields), ...OPENERS] : valuesOf(listed, fields)
}

function isClosed(quoted: string): boolean {
  return quoted.length > 1 && quoted.endsWith(quoted.charAt(0)) && !/(?<!\\)(?:\\\\)*\\.$/.test(quoted)
}

function fieldBefore(before: readonly Token[]): string | undefined {
  const named = before.findLast(token => token.kind === 'field')
  return named === undefined ? undefined : fieldName(named)
}

/** The field whose values the innermost open parenthesis lists, as in `field:(A OR …`. */
function fieldOfList(before: readonly Token[]): string | undefined {
  const open: boolean[] = []
  before.forEach((token, index) => {
    if (token.kind !== 'bracket') return
    if (token.text === ')') open.pop()
    else open.push(before[index - 1]?.kind === 'colon')
  })
  // Inside a list there are values only, so the last field named is the one that has the list.
  return open.at(-1) ? fieldBefore(before) : undefined
}

function valuesOf(field: string | undefined, fields: readonly KnownField[]): Candidate[] {
  const known = fields.find(({ Name }) => Name === field)
  if (known === undefined) return []
  const words = wordsOf(known.Name).map((text): Candidate => ({ kind: 'value', text, field: known.Name }))
  return [...words, ...(known.Kind === 'long' ? SIGNS : []), ...PRESENCE]
}

function fieldCandidates(fields: readonly KnownField[]): Candidate[] {
  return fields.map(({ Name }) => ({ kind: 'field', text: `${Name}:`, field: Name }))
}

function sqlCandidates(fields: readonly KnownField[]): Candidate[] {
  const words = SQL_WORDS.map(({ text, form }): Candidate => ({ kind: 'sql-word', text, form }))
  const names = fields.map(({ Name }): Candidate => ({ kind: 'field', text: sqlName(Name), field: Name }))
  return [...words, ...names]
}
