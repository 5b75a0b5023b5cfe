/**
 * Cuts the text of a query into tokens with their places, for highlighting, completion and adding conditions.
 *
 * Hides: quotes, escapes, which word is a field, where the search ends and SQL begins.
 * Knows nothing of: the editor, which fields exist, whether the server accepts the query.
 */

import { isSqlWord } from './sql'

export type TokenKind =
  /** A name before a colon or a sign. */
  | 'field'
  | 'colon'
  | 'sign'
  /** A word to look for, with or without a field. */
  | 'value'
  | 'quoted'
  | 'range'
  | 'operator'
  | 'bracket'
  /** The first one outside quotes; SQL follows. */
  | 'pipe'
  | 'sql-word'
  | 'sql-function'
  | 'sql-name'
  | 'sql-text'
  | 'sql-number'
  | 'sql-mark'

export type Token = {
  kind: TokenKind
  text: string
  from: number
  to: number
}

/** The tokens of a query in order; white space belongs to none. Every text has tokens, however wrong it is. */
export function tokens(query: string): Token[] {
  const found: Token[] = []
  let at = 0
  while (at < query.length) {
    const inSql = found.some(token => token.kind === 'pipe')
    const token = inSql ? sqlToken(query, at) : searchToken(query, at, valueFollows(found))
    if (token === undefined) {
      at += 1
      continue
    }
    found.push(token)
    at = token.to
  }
  return found
}

/** The field that a token of the kind `field` names, without quotes and escapes. */
export function fieldName({ text }: Token): string {
  return text.replace(/^(["'])([\s\S]*)\1$/, '$2').replace(/\\([\s\S])/g, '$1')
}

const OPERATOR = /^(?:and|or|not)$/i

/** Whether what comes next is a value of a field: after a colon or sign, and inside a group such as `action:(A OR B)`. */
function valueFollows(before: Token[]): boolean {
  const last = before.at(-1)
  if (last?.kind === 'colon' || last?.kind === 'sign') return true
  let closed = 0
  for (let index = before.length - 1; index >= 0; index -= 1) {
    const token = before[index]
    if (token?.text === ')' && token.kind === 'bracket') {
      closed += 1
    } else if (token?.text === '(' && token.kind === 'bracket') {
      if (closed === 0) return before[index - 1]?.kind === 'colon'
      closed -= 1
    }
  }
  return false
}

function searchToken(query: string, at: number, isValue: boolean): Token | undefined {
  const rest = query.slice(at)
  const token = (kind: TokenKind, length: number): Token => ({
    kind,
    text: rest.slice(0, length),
    from: at,
    to: at + length,
  })
  const first = rest.charAt(0)
  if (/\s/.test(first)) return undefined
  if (first === '|') return token('pipe', 1)
  if (first === '(' || first === ')') return token('bracket', 1)
  if (first === ':' && !isValue) return token('colon', 1)
  const sign = /^(?:>=|<=|==|!=|>|<|=)/.exec(rest)
  if (sign !== null) return token('sign', sign[0].length)
  if (first === '"' || first === "'") {
    const length = quotedLength(rest, first)
    return token(isNamed(rest, length, isValue) ? 'field' : 'quoted', length)
  }
  const range = isValue ? /^[[{]\s*\S+\s+TO\s+[^\s\]}]+\s*[\]}]/i.exec(rest) : null
  if (range !== null) return token('range', range[0].length)
  const length = wordLength(rest, isValue)
  if (OPERATOR.test(rest.slice(0, length))) return token('operator', length)
  return token(isNamed(rest, length, isValue) ? 'field' : 'value', length)
}

/** Whether what stands before `length` is the name of a field: a colon or a sign follows. */
function isNamed(rest: string, length: number, isValue: boolean): boolean {
  return !isValue && /^\s*(?::|>|<|=|!=)/.test(rest.slice(length))
}

/** The length up to and including the closing quote; to the end when it is missing. */
function quotedLength(rest: string, quote: string): number {
  for (let at = 1; at < rest.length; at += 1) {
    if (rest[at] === '\\') {
      at += 1
    } else if (rest[at] === quote) {
      return at + 1
    }
  }
  return rest.length
}

function wordLength(rest: string, isValue: boolean): number {
  // An IPv6 address would otherwise look like a field and a value.
  const address = /^[0-9a-f.:/]*:[0-9a-f.:/]*:[0-9a-f.:/]*/i.exec(rest)
  if (!isValue && address !== null) return address[0].length
  const word = isValue ? /^(?:\\[\s\S]|[^\s()"'|\\])+/ : /^(?:\\[\s\S]|(?!!=)[^\s()"'|\\:><=])+/
  return Math.max(1, word.exec(rest)?.[0].length ?? 0)
}

const SQL_FORMS: [TokenKind, RegExp][] = [
  ['sql-text', /^'(?:[^']|'')*'?/],
  ['sql-name', /^"(?:[^"]|"")*"?/],
  ['sql-number', /^\d+(?:\.\d+)?/],
  ['sql-function', /^[A-Za-z_]\w*(?=\s*\()/],
  ['sql-name', /^[\p{L}_][\p{L}\p{N}_]*/u],
  ['sql-mark', /^[^\s]/],
]

function sqlToken(query: string, at: number): Token | undefined {
  const rest = query.slice(at)
  for (const [kind, form] of SQL_FORMS) {
    const text = form.exec(rest)?.[0]
    if (text !== undefined) {
      const isWord = (kind === 'sql-name' || kind === 'sql-function') && isSqlWord(text)
      return { kind: isWord ? 'sql-word' : kind, text, from: at, to: at + text.length }
    }
  }
  return undefined
}
