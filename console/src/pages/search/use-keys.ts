/**
 * The keys of the page, which work wherever no text is typed.
 *
 * Hides: when a key belongs to somebody else.
 * Knows nothing of: what the keys do.
 */

import { useEffect, useRef } from 'react'

/** What each key does. */
export type Keys = Record<string, () => void>

/** Listens while the page is shown; keys with Ctrl, Alt or Meta are left to the browser. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const deed = latest.current[event.key]
      const isCombined = event.ctrlKey || event.metaKey || event.altKey
      if (deed === undefined || isCombined || event.defaultPrevented || isTyping(event.target)) return
      event.preventDefault()
      deed()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  const inField = target.closest(
    'input, textarea, select, [contenteditable="true"], [role="menu"], [role="listbox"]',
  )
  return inField !== null || target.closest('[role="dialog"]') !== null
}
