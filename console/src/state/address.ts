/**
 * The address as state: what a page shows follows from its search parameters.
 *
 * Hides: how parameters are written. What equals its default is left out, so that an address stays short.
 * Knows nothing of: pages' own parameters, which each page reads in its `address.ts`.
 */

/** Search parameters before a page has read them. Every value is a text, and stays one once it is read. */
export type RawSearch = Record<string, string | undefined>

/** What the address of every page may say. */
export type CommonSearch = {
  /** The region shown; the server's default when absent. */
  region?: string | undefined
}

/** Reads what every page's address may say; whatever is malformed is as if absent. */
export function readCommonSearch(raw: RawSearch): CommonSearch {
  return defined({ region: matching(raw.region, REGION) })
}

/** Lower-case letters, digits and hyphens, as the API says. */
const REGION = /^[a-z0-9][a-z0-9-]{0,62}$/

/** `?a=1&b=x` as an object of texts; the router's own default would turn texts into numbers. */
export function parseSearch(text: string): RawSearch {
  return Object.fromEntries(new URLSearchParams(text))
}

/** The inverse of `parseSearch`; absent and empty values are left out. */
export function stringifySearch(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`
}

/** `value` if it looks as it should. */
export function matching(value: string | undefined, form: RegExp): string | undefined {
  return value !== undefined && form.test(value) ? value : undefined
}

/** The number of a page of a list as the address writes it, from 1. */
export function pageNumber(value: string | undefined): string | undefined {
  return matching(value, /^[1-9]\d{0,5}$/)
}

/** `value` if it is one of `choices`. */
export function oneOf<Choice extends string>(
  value: string | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  return choices.find(choice => choice === value)
}

/** `members` without those that are undefined, so that equal addresses are equal objects. */
export function defined<Members extends object>(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Members
}
