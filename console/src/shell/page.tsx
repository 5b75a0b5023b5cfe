/** One page inside the shell: its title, what can be done, its content. */

import { type ReactNode, useEffect } from 'react'
import styles from './page.module.css'

export type PageProps = {
  /** Stands above the page, in the browser's tab, and is read aloud when the page opens. */
  title: string
  /** The title's text when `heading` shows more than text. */
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

/** Names the page in the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · natlens`
  }, [title])
}
