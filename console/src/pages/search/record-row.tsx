/**
 * One record as a row, drawn again only when something about it changes.
 *
 * Hides: how each kind of cell looks.
 * Knows nothing of: the grid around it.
 */

import { memo } from 'react'
import { Status } from '../../ui/marks'
import { useWords } from '../../words/words'
import { type Column, cellText } from './columns'
import type { FoundRecord } from './record'
import styles from './record-table.module.css'

export type RecordRowProps = {
  id: string
  record: FoundRecord
  columns: readonly Column[]
  language: string
  isOneDay: boolean
  index: number
  /** Unit: CSS pixels below the head. */
  top: number
  isCurrent: boolean
  isOpen: boolean
  hasArrived: boolean
}

export const RecordRow = memo(function RecordRow({
  id,
  record,
  columns,
  language,
  isOneDay,
  ...row
}: RecordRowProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table element cannot hold virtual rows
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus, and names its current row
    <div
      role="row"
      id={id}
      aria-rowindex={row.index + 2}
      aria-selected={row.isOpen}
      className={styles.row}
      data-index={row.index}
      data-current={row.isCurrent || undefined}
      data-arrived={row.hasArrived || undefined}
      style={{ transform: `translateY(${row.top}px)` }}
    >
      {columns.map(column => (
        // biome-ignore lint/a11y/useSemanticElements: as the row
        // biome-ignore lint/a11y/useFocusableInteractive: as the row
        <div key={column.name} role="gridcell" className={styles.cell} data-align={column.align}>
          <Cell column={column} record={record} language={language} isOneDay={isOneDay} />
        </div>
      ))}
    </div>
  )
})

type CellProps = Pick<RecordRowProps, 'record' | 'language' | 'isOneDay'> & { column: Column }

function Cell({ column, record, language, isOneDay }: CellProps) {
  const text = cellText(column, record, language)
  const lost = record.fields.get('lost')
  if (text === undefined && lost !== undefined && column.name === 'action') return <Lost count={lost} />
  if (text === undefined) return <span className={styles.absent}>–</span>
  switch (column.name) {
    case 'time':
      return <Moment text={text} isOneDay={isOneDay} />
    case 'action':
      return <Action action={text} reason={record.fields.get('reject-reason')} />
    case 'log-status':
      return <Status tone={text === 'OK' ? 'idle' : 'warn'}>{text}</Status>
    default:
      return text
  }
}

/** The day steps back behind the time, which differs from row to row. */
function Moment({ text, isOneDay }: { text: string; isOneDay: boolean }) {
  const [day, time] = text.split(' ')
  if (isOneDay) return time
  return (
    <>
      <span className={styles.day}>{day}</span> {time}
    </>
  )
}

/** How much the window of a record without traffic is known to lack. */
function Lost({ count }: { count: string }) {
  const { search } = useWords()
  return <Status tone="warn">{search.records.lost(count)}</Status>
}

/** What became of the packets, with the reason of a refusal. */
export function Action({ action, reason }: { action: string; reason: string | undefined }) {
  return (
    <Status tone={action === 'REJECT' ? 'bad' : 'good'}>
      {action}
      {reason !== undefined && <span className={styles.reason}>{reason}</span>}
    </Status>
  )
}
