/**
 * Turns the place of a mistake, as the server counts, into a place of the editor.
 *
 * Hides: that one counts bytes of UTF-8 and the other units of UTF-16.
 * Knows nothing of: what the mistake is.
 */

export type Place = {
  from: number
  to: number
}

/**
 * The place of `length` bytes from byte `offset`.
 *
 * Where the server gives no length, it is the word there; at least one character, so that it can be seen.
 */
export function placeOfBytes(text: string, offset: number, length: number): Place {
  const from = indexOfByte(text, offset)
  const to = indexOfByte(text, offset + length)
  if (to > from) return { from, to }
  const word = /^[\p{L}\p{N}_-]+/u.exec(text.slice(from))?.[0].length ?? 1
  return from < text.length
    ? { from, to: from + word }
    : { from: Math.max(0, text.length - 1), to: text.length }
}

function indexOfByte(text: string, offset: number): number {
  let bytes = 0
  let index = 0
  for (const character of text) {
    if (bytes >= offset) break
    bytes += utf8Length(character)
    index += character.length
  }
  return index
}

function utf8Length(character: string): number {
  const point = character.codePointAt(0) ?? 0
  if (point < 0x80) return 1
  if (point < 0x800) return 2
  return point < 0x10000 ? 3 : 4
}
