/**
 * The words of the SQL part that the editor knows by name.
 *
 * Hides: how words of several words are cut.
 * Knows nothing of: the editor, the search part. The server reads the SQL; the lists only help to type it.
 */

import { FUNCTIONS, KEY_WORDS } from './sql-words'

/** What is offered, in this order, and how a function is called. */
export const SQL_WORDS: readonly { text: string; form: string }[] = [
  ...KEY_WORDS.map(text => ({ text, form: '' })),
  ...FUNCTIONS.map(([text, form]) => ({ text, form })),
]

/** Key words that are too seldom written to be offered. */
const OTHER_WORDS = ['FROM', 'NULLS']

const SINGLE_WORDS: ReadonlySet<string> = new Set([
  ...KEY_WORDS.flatMap(words => words.split(/[ (]/)).filter(word => word !== ''),
  ...OTHER_WORDS,
])

/** Whether `text` is a key word, in any case. */
export function isSqlWord(text: string): boolean {
  return SINGLE_WORDS.has(text.toUpperCase())
}

/** A field as SQL names it; names with hyphens, and names that are key words, need quotes. */
export function sqlName(field: string): string {
  return /^[A-Za-z_]\w*$/.test(field) && !isSqlWord(field) ? field : quoted(field)
}

/** A field as SQL can always name it. */
export function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`
}
