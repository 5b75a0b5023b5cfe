/**
 * Toasts: a word that a deed is done, read aloud, and gone after some seconds.
 *
 * Hides: the waiting toasts. (react-aria's own toasts weigh 7 kB, which the budget of the list page does not have.)
 */

import { useSyncExternalStore } from 'react'
import { useWords } from '../words/words'
import { IconButton } from './button'
import styles from './toast.module.css'

/** How long a toast stays. Unit: milliseconds. */
const STAYS = 6000

/** How many toasts stand at once; past it the oldest goes. */
const SHOWN_MAX = 3

type Toast = { id: number; tone: 'good' | 'bad'; text: string }

let shown: readonly Toast[] = []
let nextId = 1
const watchers = new Set<() => void>()

/** Shows `text` at the foot of the page for some seconds. */
export function toast(text: string, tone: Toast['tone'] = 'good'): void {
  const id = nextId++
  change([...shown, { id, tone, text }].slice(-SHOWN_MAX))
  setTimeout(() => dismiss(id), STAYS)
}

function dismiss(id: number): void {
  change(shown.filter(toast => toast.id !== id))
}

function change(toasts: readonly Toast[]): void {
  shown = toasts
  for (const tell of watchers) tell()
}

function watch(tell: () => void): () => void {
  watchers.add(tell)
  return () => watchers.delete(tell)
}

/** Where toasts appear; there is one, in the shell, and it stands there empty so that what comes is read. */
export function ToastRegion() {
  const { common } = useWords()
  const toasts = useSyncExternalStore(watch, () => shown)
  return (
    <div role="status" className={styles.region}>
      {toasts.map(({ id, tone, text }) => (
        <div key={id} className={`${styles.toast} ${tone === 'bad' ? styles.bad : ''}`}>
          <span className={styles.content}>{text}</span>
          <IconButton icon="close" label={common.close} onPress={() => dismiss(id)} />
        </div>
      ))}
    </div>
  )
}
