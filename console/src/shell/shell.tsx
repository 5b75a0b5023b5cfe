/** The frame around every page: header, content, toasts. */

import { Outlet } from '@tanstack/react-router'
import { ToastRegion } from '../ui/toast'
import { useWords } from '../words/words'
import { Header } from './header'
import styles from './shell.module.css'

export function Shell() {
  const { shell } = useWords()
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {shell.skip}
      </a>
      <Header />
      <main id="content" tabIndex={-1} className={styles.main}>
        <Outlet />
      </main>
      <ToastRegion />
    </div>
  )
}
