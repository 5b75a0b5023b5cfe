/**
 * What the one who is signed in may do.
 *
 * Hides: where it is known from.
 * Knows nothing of: the server's rules; it refuses whatever is asked in spite of this.
 */

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { askSession } from '../api/ask'
import { useWords } from '../words/words'
import styles from './page.module.css'

/** Whether flow logs, topics and gateways may be changed: a reader changes none. */
export function useMayChange(): boolean {
  return useQuery(askSession()).data?.Role !== 'reader'
}

/** Deeds for those who may; for all others, why there are none. */
export function ForAdmins({ children }: { children: ReactNode }) {
  const { shell } = useWords()
  return useMayChange() ? children : <span className={styles.lead}>{shell.readerOnly}</span>
}
