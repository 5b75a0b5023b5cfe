/** Notices in the page: what went wrong, and what should be known. */

import type { ReactNode } from 'react'
import { ApiError, FOREIGN_ANSWER, UNREACHABLE } from '../api/client'
import { useWords, type Words } from '../words/words'
import { Button } from './button'
import { Icon } from './icon'
import styles from './notice.module.css'

export type NoticeProps = {
  tone: 'bad' | 'warn' | 'good'
  title?: string
  children?: ReactNode
  action?: ReactNode
}

export function Notice({ tone, title, children, action }: NoticeProps) {
  return (
    <div role={tone === 'bad' ? 'alert' : 'status'} className={`${styles.notice} ${styles[tone]}`}>
      <Icon name={tone === 'good' ? 'check' : 'warning'} />
      <div className={styles.words}>
        {title && <p className={styles.title}>{title}</p>}
        {children}
      </div>
      {action}
    </div>
  )
}

export type ErrorNoticeProps = {
  error: Error
  retry?: () => void
}

/** What failed, in the server's words, with what is needed to find it in the server's log. */
export function ErrorNotice({ error, retry }: ErrorNoticeProps) {
  const words = useWords()
  const requestId = error instanceof ApiError ? error.requestId : ''
  const action = retry && <Button onPress={retry}>{words.common.retry}</Button>
  return (
    <Notice tone="bad" title={words.errors.title} action={action}>
      <p>{sayError(error, words)}</p>
      {requestId !== '' && <p className={styles.request}>{words.errors.request(requestId)}</p>}
    </Notice>
  )
}

/** The sentence that tells a person about `error`. */
export function sayError(error: Error, { errors }: Words): string {
  if (!(error instanceof ApiError)) return error.message
  if (error.code === UNREACHABLE) return errors.unreachable
  if (error.code === FOREIGN_ANSWER) return errors.foreignAnswer(error.message)
  return error.message
}
