/** One page inside the shell: its title, what can be done, its content. */

import { createContext, type ReactNode, use, useEffect } from 'react'
import styles from './page.module.css'

export type PageProps = {
  /** Stands above the page, in the browser's tab, and is read aloud when the page opens. */
  title: string
  /** What stands above the page when it is more than the title. */
  heading?: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

export function Page({ title, heading, lead, actions, children }: PageProps) {
  useTitle(title)
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <div className={styles.words}>
          <h1>{heading ?? title}</h1>
          {lead && <p className={styles.lead}>{lead}</p>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  )
}

/** Names the page in the browser's tab, and to those who cannot see that another page has come. */
export function useTitle(title: string): void {
  const announce = use(Announce)
  useEffect(() => {
    document.title = `${title} · natlens`
    announce(title)
  }, [title, announce])
}

/** Reads a title aloud; the shell gives it. */
export const Announce = createContext<(title: string) => void>(() => {})
