/**
 * Writes a table as CSV (RFC 4180), as spreadsheets read it.
 *
 * Hides: quoting.
 * Knows nothing of: where the table comes from.
 */

/** The table with its header; `null` is an empty cell. */
export function csvOf(header: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  return [header, ...rows].map(cells => cells.map(csvCell).join(',')).join('\r\n')
}

function csvCell(text: string | null): string {
  if (text === null) return ''
  // A spreadsheet would run a cell that starts so as a formula; negative numbers are none.
  const isFormula = /^[=+@\t\r-]/.test(text) && !/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text)
  const safe = isFormula ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
