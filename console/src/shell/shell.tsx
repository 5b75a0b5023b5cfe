/** The frame around every page: header, content, what is read aloud, toasts. */

import { Outlet } from '@tanstack/react-router'
import { useState } from 'react'
import { ToastRegion } from '../ui/toast'
import { useWords } from '../words/words'
import { Header } from './header'
import { Announce } from './page'
import styles from './shell.module.css'

export function Shell() {
  const { shell } = useWords()
  const [title, announce] = useState('')
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {shell.skip}
      </a>
      <Header />
      <Announce value={announce}>
        <main id="content" tabIndex={-1} className={styles.main}>
          <Outlet />
        </main>
      </Announce>
      <p aria-live="polite" className={styles.unseen}>
        {title}
      </p>
      <ToastRegion />
    </div>
  )
}
