/** The address of the list of gateways. */

import { defined, pageNumber, type RawSearch } from '../../state/address'

export type GatewaysSearch = {
  /** A whole number; the first when absent. */
  page?: string | undefined
}

export function readGatewaysSearch(raw: RawSearch): GatewaysSearch {
  return defined({ page: pageNumber(raw.page) })
}
