/**
 * Follows a server that was upgraded while a page stood open: the files of the page's other parts are gone then.
 *
 * Hides: how a missing file shows, and that a page is not loaded anew again and again.
 * Knows nothing of: pages.
 */

/** What is missing again so soon is not missing because of an upgrade. Unit: milliseconds. */
const RELOAD_REST = 10_000

const KEY = 'natlens.reloaded'

/** Loads the page anew, as its address says, when a part of it is missing. */
export function followUpgrades(): void {
  window.addEventListener('vite:preloadError', () => {
    const now = Date.now()
    if (now - Number(sessionStorage.getItem(KEY)) < RELOAD_REST) return
    sessionStorage.setItem(KEY, String(now))
    window.location.reload()
  })
}
