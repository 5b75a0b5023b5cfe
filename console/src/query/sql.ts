/**
 * The words and functions of the SQL part that the editor knows by name.
 *
 * Hides: the lists.
 * Knows nothing of: the editor, the search part. The server reads the SQL; these lists only help to type it.
 */

/** Key words in the order in which a statement uses them. */
export const SQL_WORDS = [
  'SELECT',
  'DISTINCT',
  'AS',
  'FROM',
  'WHERE',
  'GROUP BY',
  'HAVING',
  'ORDER BY',
  'DESC',
  'ASC',
  'LIMIT',
  'OFFSET',
  'AND',
  'OR',
  'NOT',
  'IN',
  'BETWEEN',
  'LIKE',
  'IS NULL',
  'IS NOT NULL',
  'CASE',
  'WHEN',
  'THEN',
  'ELSE',
  'END',
  'CAST',
  'INTERVAL',
  'OVER',
  'PARTITION BY',
] as const

/** The functions that analyses of flow records use most, with their arguments. */
export const SQL_FUNCTIONS = [
  ['count', '(*)'],
  ['sum', '(x)'],
  ['avg', '(x)'],
  ['min', '(x)'],
  ['max', '(x)'],
  ['approx_distinct', '(x)'],
  ['approx_percentile', '(x, p)'],
  ['histogram', '(time, interval 1 minute)'],
  ['date_trunc', "('minute', time)"],
  ['from_unixtime', '(seconds)'],
  ['coalesce', '(x, y)'],
  ['round', '(x)'],
  ['lower', '(x)'],
  ['concat', '(x, y)'],
  ['substr', '(x, start, length)'],
] as const

const SINGLE_WORDS: ReadonlySet<string> = new Set(SQL_WORDS.flatMap(words => words.split(' ')))

/** Whether `text` is a key word, in any case. */
export function isSqlWord(text: string): boolean {
  return SINGLE_WORDS.has(text.toUpperCase())
}

/** A field as SQL names it; names with hyphens need quotes. */
export function sqlName(field: string): string {
  return /^[A-Za-z_]\w*$/.test(field) && !isSqlWord(field) ? field : `"${field.replaceAll('"', '""')}"`
}
