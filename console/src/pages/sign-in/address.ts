/** The address of the sign-in page. */

import { defined, matching, type RawSearch } from '../../state/address'

export type SignInSearch = {
  /** Where to go once signed in: a path of this console. */
  next?: string | undefined
}

export function readSignInSearch(raw: RawSearch): SignInSearch {
  // One leading slash only: `//host` and `/\host` would lead to another server.
  return defined({ next: matching(raw.next, /^\/(?![/\\])/) })
}
