/** Small marks that many pages use: state, tags, an id under a name, a secret, nothing here, please wait, pages. */

import { type ReactNode, useEffect } from 'react'
import type { Schema } from '../api/client'
import { useWords } from '../words/words'
import { IconButton } from './button'
import styles from './marks.module.css'
import { useCopy } from './use-copy'

export type StatusProps = { tone: 'good' | 'warn' | 'bad' | 'idle'; children: ReactNode }

/** A coloured dot and a word; hollow when idle, so that colour is never alone. */
export function Status({ tone, children }: StatusProps) {
  return (
    <span className={`${styles.status} ${styles[tone]}`}>
      <span className={`${styles.dot} ${tone === 'good' ? '' : styles.hollow}`} />
      {children}
    </span>
  )
}

/** How many tags a row shows before it counts the rest. */
const TAGS_SHOWN = 2

export function Tags({ tags }: { tags: readonly Schema<'Tag'>[] }) {
  const { flowLogs } = useWords()
  const texts = tags.map(({ Key, Value }) => (Value ? `${Key}: ${Value}` : Key))
  const hidden = texts.slice(TAGS_SHOWN)
  return (
    <span className={styles.tags}>
      {texts.slice(0, TAGS_SHOWN).map(text => (
        <span key={text} className={styles.tag} title={text}>
          {text}
        </span>
      ))}
      {hidden.length > 0 && (
        <span className={styles.tag} title={hidden.join('\n')}>
          {flowLogs.tagMore(hidden.length)}
        </span>
      )}
    </span>
  )
}

/** A name with the id that a machine gave below it. */
export function Named({ name, id }: { name: ReactNode; id: string }) {
  return (
    <span className={styles.two}>
      <span className={styles.first}>{name}</span>
      <span className={`${styles.second} ${styles.code}`}>{id}</span>
    </span>
  )
}

/** Text that a machine made. */
export function Code({ children }: { children: ReactNode }) {
  return <code className={styles.code}>{children}</code>
}

/** A text to take along, with a button that copies it. */
export function Copyable({ label, text }: { label: string; text: string }) {
  const { common } = useWords()
  const copy = useCopy()
  return (
    <div className={styles.labelled}>
      <span className={styles.label}>{label}</span>
      <div className={styles.secret}>
        <code>{text}</code>
        {/* Browsers offer the clipboard on secure pages only; elsewhere a click selects all of the text. */}
        {navigator.clipboard && (
          <IconButton icon="copy" label={common.named(common.copy, label)} onPress={() => copy(text)} />
        )}
      </div>
    </div>
  )
}

/** Says that there is nothing, why, and what to do. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <section className={styles.empty}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

export function Pending() {
  const { common } = useWords()
  return (
    <div role="status" className={styles.pending}>
      {common.loading}
    </div>
  )
}

export type PagerProps = {
  /** From 1. */
  page: number
  pageSize: number
  total: number
  /** `isMend` when the page that the address names is past the end, as after a deletion. */
  onPage(page: number, isMend: boolean): void
}

/** Nothing, if there is one page only. */
export function Pager({ page, pageSize, total, onPage }: PagerProps) {
  const { paging } = useWords()
  const pages = Math.max(1, Math.ceil(total / pageSize))
  useEffect(() => {
    if (page > pages) onPage(pages, true)
  })
  if (pages === 1) return null
  const first = (page - 1) * pageSize + 1
  const last = Math.min(page * pageSize, total)
  return (
    <nav aria-label={paging.label} className={styles.pager}>
      <span>{paging.range(first, last, total)}</span>
      <IconButton
        icon="previous"
        label={paging.previous}
        isDisabled={page <= 1}
        onPress={() => onPage(page - 1, false)}
      />
      <IconButton
        icon="next"
        label={paging.next}
        isDisabled={last >= total}
        onPress={() => onPage(page + 1, false)}
      />
    </nav>
  )
}
