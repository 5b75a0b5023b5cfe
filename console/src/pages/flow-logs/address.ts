/** The address of the list of flow logs. */

import { defined, matching, oneOf, pageNumber, type RawSearch } from '../../state/address'

export type FlowLogsSearch = {
  /** Only those whose name contains this. */
  name?: string | undefined
  /** Sorted by name or by creation; newest first when absent. */
  order?: 'name' | 'created' | undefined
  direction?: 'ascending' | 'descending' | undefined
  /** A whole number; the first when absent. */
  page?: string | undefined
  /** The dialog that stands open. */
  open?: 'new' | undefined
  /** The gateway that the dialog starts with. */
  gateway?: string | undefined
}

/** The longest name of a flow log. Unit: characters. */
export const NAME_LENGTH_MAX = 60

export function readFlowLogsSearch(raw: RawSearch): FlowLogsSearch {
  return defined({
    name: raw.name?.slice(0, NAME_LENGTH_MAX) || undefined,
    order: oneOf(raw.order, ['name', 'created']),
    direction: oneOf(raw.direction, ['ascending', 'descending']),
    page: pageNumber(raw.page),
    open: oneOf(raw.open, ['new']),
    gateway: matching(raw.gateway, /^nat-[a-z0-9]{8}$/),
  })
}
