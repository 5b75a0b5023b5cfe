/**
 * The words of the SQL part that the editor knows by name.
 *
 * Hides: the list.
 * Knows nothing of: the editor, the search part. The server reads the SQL; the list only helps to type it.
 */

/** Key words and functions, in the order in which they are offered; a function ends with its parenthesis. */
export const SQL_WORDS = [
  'SELECT',
  'count(*)',
  'sum(',
  'avg(',
  'min(',
  'max(',
  'count_if(',
  'approx_distinct(',
  'histogram(',
  'AS',
  'WHERE',
  'GROUP BY',
  'HAVING',
  'ORDER BY',
  'ASC',
  'DESC',
  'LIMIT',
  'OFFSET',
  'DISTINCT',
  'CASE',
  'AND',
  'OR',
  'NOT',
  'IN',
  'BETWEEN',
  'LIKE',
  'IS NULL',
] as const

/** Key words that are too seldom written to be offered. */
const OTHER_WORDS = [
  'FROM',
  'WHEN',
  'THEN',
  'ELSE',
  'END',
  'CAST',
  'INTERVAL',
  'OVER',
  'PARTITION',
  'NULLS',
  'FILTER',
]

const KEY_WORDS: ReadonlySet<string> = new Set([
  ...SQL_WORDS.filter(words => words === words.toUpperCase()).flatMap(words => words.split(' ')),
  ...OTHER_WORDS,
])

/** Whether `text` is a key word, in any case. */
export function isSqlWord(text: string): boolean {
  return KEY_WORDS.has(text.toUpperCase())
}

/** A field as SQL names it; names with hyphens, and names that are key words, need quotes. */
export function sqlName(field: string): string {
  return /^[A-Za-z_]\w*$/.test(field) && !isSqlWord(field) ? field : quoted(field)
}

/** A field as SQL can always name it. */
export function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`
}
