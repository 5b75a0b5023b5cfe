/**
 * What the server says against a query, as a person reads it.
 *
 * Hides: the published wrapping of messages.
 * Knows nothing of: where the mistake stands, which the server says beside the message.
 */

const WRAPPING = /^(?:QueryError|SyntaxError)\[(?:[a-z_]+_exception\.)?(?:\d+:\d+ )?([\s\S]*)\]$/

/** The message without class and place, for example `a condition is missing at the end`. */
export function plainMessage(message: string): string {
  return WRAPPING.exec(message)?.[1] ?? message
}
