/** The address of the list of gateways. */

import { defined, matching, type RawSearch } from '../../state/address'

export type GatewaysSearch = {
  /** A whole number; the first when absent. */
  page?: string | undefined
}

export function readGatewaysSearch(raw: RawSearch): GatewaysSearch {
  return defined({ page: matching(raw.page, /^[1-9]\d{0,5}$/) })
}
