/**
 * Finds the name that was probably meant.
 *
 * Hides: how likeness is measured.
 * Knows nothing of: where the names come from.
 */

/** The nearest of `names` within a third of the length, ignoring case, hyphens and underscores. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = plain(name)
  const allowed = Math.floor(wanted.length / 3)
  let best: { name: string; edits: number } | undefined
  for (const candidate of names) {
    const edits = distance(wanted, plain(candidate))
    if (edits <= allowed && (best === undefined || edits < best.edits)) {
      best = { name: candidate, edits }
    }
  }
  return best?.name
}

function plain(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase()
}

/** The Levenshtein distance, row by row. */
function distance(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 0; row < left.length; row += 1) {
    const current = [row + 1]
    for (let column = 0; column < right.length; column += 1) {
      const replaced = (above[column] ?? 0) + (left[row] === right[column] ? 0 : 1)
      const removed = (above[column + 1] ?? 0) + 1
      const added = (current[column] ?? 0) + 1
      current.push(Math.min(replaced, removed, added))
    }
    above = current
  }
  return above.at(-1) ?? 0
}
