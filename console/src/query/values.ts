/**
 * The words that values of some fields are chosen from, and the names of numbers.
 *
 * Hides: which field has which words.
 * Knows nothing of: grammar, what the words mean in which language.
 */

/** IANA "Assigned Internet Protocol Numbers": those that can be written by name in a search. */
export const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [1, 'icmp'],
  [58, 'icmpv6'],
  [47, 'gre'],
  [50, 'esp'],
  [132, 'sctp'],
])

const WORDS: Record<string, readonly string[]> = {
  action: ['ACCEPT', 'REJECT'],
  'log-status': ['OK', 'NODATA', 'SKIPDATA'],
  'nat-type': ['SNAT', 'DNAT', 'BOTH', 'NONE'],
  direction: ['EGRESS', 'INGRESS'],
  'flow-state': ['NEW', 'ACTIVE', 'CLOSED'],
  'reject-reason': ['ACL', 'SECURITY_GROUP', 'NO_PORT', 'TABLE_FULL', 'INVALID', 'NO_ROUTE', 'OTHER'],
  protocol: [...PROTOCOLS.values()],
}

/** The words of a field in the order in which they are offered; empty for most fields. */
export function wordsOf(field: string): readonly string[] {
  return WORDS[field] ?? []
}
