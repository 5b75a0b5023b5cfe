/** The one-time token that the sign-in link carries in its fragment, which browsers never send. */

/** Takes the token out of the address, so that it stays in neither history nor bookmarks. */
export function takeToken(): string | undefined {
  const token = decodeURIComponent(window.location.hash.slice(1))
  if (token === '') return undefined
  window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search)
  return token
}
