/**
 * Everything about one record, beside the table, so that one can walk through records with it open.
 *
 * Hides: its layout, copying.
 * Knows nothing of: the table.
 */

import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { Schema } from '../../api/client'
import { usePreferences } from '../../state/preferences'
import { Button, IconButton } from '../../ui/button'
import { useCopy } from '../../ui/use-copy'
import { useWords } from '../../words/words'
import { fieldText } from './columns'
import { groupName } from './field-list'
import { moment } from './format'
import type { FoundRecord } from './record'
import styles from './record-details.module.css'
import { RecordPath } from './record-path'
import { Action } from './record-row'
import type { SearchState } from './search-state'

export type RecordDetailsProps = {
  page: SearchState
  fields: readonly Schema<'RecordField'>[]
  record: FoundRecord
  /** Opens the record above or below; absent at the ends. */
  onPrevious: (() => void) | undefined
  onNext: (() => void) | undefined
  onClose(): void
}

export function RecordDetails({ page, fields, record, onPrevious, onNext, onClose }: RecordDetailsProps) {
  const { search } = useWords()
  const copy = useCopy()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  const status = record.fields.get('log-status')
  const action = record.fields.get('action')
  const flow = record.fields.get('flow-id')
  const deeds: Record<string, (() => void) | undefined> = { Escape: onClose, j: onNext, k: onPrevious }
  const onKeyDown = (event: KeyboardEvent) => {
    const deed = deeds[event.key]
    const isCombined = event.ctrlKey || event.metaKey || event.altKey
    if (deed === undefined || isCombined) return
    event.preventDefault()
    deed()
  }
  const json = () => JSON.stringify(Object.fromEntries(record.fields), null, 2)
  return (
    <aside className={styles.details} aria-label={search.details.label} onKeyDown={onKeyDown}>
      <header className={styles.head}>
        <h2 ref={heading} tabIndex={-1}>
          {moment(record.time)}
        </h2>
        <IconButton
          icon="sortUp"
          label={search.details.previous}
          isDisabled={!onPrevious}
          onPress={() => onPrevious?.()}
        />
        <IconButton
          icon="sortDown"
          label={search.details.next}
          isDisabled={!onNext}
          onPress={() => onNext?.()}
        />
        <IconButton icon="copy" label={search.details.copy} onPress={() => copy(json())} />
        <IconButton icon="close" label={search.details.close} onPress={onClose} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={styles.scroll} tabIndex={0} aria-label={search.fields.label}>
        <p className={styles.verdict}>
          {action && <Action action={action} reason={record.fields.get('reject-reason')} />}
          {status && status !== 'OK' && <strong className={styles.status}>{status}</strong>}
        </p>
        <RecordPath record={record} />
        {flow && (
          <Button onPress={() => page.narrow({ field: 'flow-id', value: flow, wanted: 'include' })}>
            {search.details.conversation}
          </Button>
        )}
        <Groups page={page} fields={fields} record={record} />
      </section>
    </aside>
  )
}

function Groups({ page, fields, record }: Pick<RecordDetailsProps, 'page' | 'fields' | 'record'>) {
  const { search } = useWords()
  const present = fields.filter(({ Name }) => record.fields.has(Name))
  return [...Map.groupBy(present, field => field.Group)].map(([group, members]) => (
    <section key={group} className={styles.group}>
      <h3>{groupName(group, search.fields.groups)}</h3>
      <dl>
        {members.map(field => (
          <Member key={field.Name} page={page} field={field} value={record.fields.get(field.Name) ?? ''} />
        ))}
      </dl>
    </section>
  ))
}

/** Whether they differ by separators and the unit only. */
function isSameNumber(text: string, value: string): boolean {
  return text.replace(/[,\s]|B$/g, '') === value
}

type MemberProps = { page: SearchState; field: Schema<'RecordField'>; value: string }

function Member({ page, field, value }: MemberProps) {
  const { search } = useWords()
  const { language } = usePreferences()
  const text = fieldText(field.Name, value, language)
  const narrow = (wanted: 'include' | 'exclude') => page.narrow({ field: field.Name, value, wanted })
  return (
    <div className={styles.member}>
      <dt title={language === 'zh-CN' ? field.HelpZh : field.Help}>{field.Name}</dt>
      <dd>
        <span className={styles.value}>
          {text}
          {!isSameNumber(text, value) && <span className={styles.raw}>{value}</span>}
        </span>
        <span className={styles.deeds}>
          <IconButton
            icon="plus"
            label={search.details.include(field.Name)}
            onPress={() => narrow('include')}
          />
          <IconButton
            icon="minus"
            label={search.details.exclude(field.Name)}
            onPress={() => narrow('exclude')}
          />
        </span>
      </dd>
    </div>
  )
}
