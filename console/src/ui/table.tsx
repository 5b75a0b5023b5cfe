/**
 * Tables of up to some hundred rows: keyboard, sorting, and cards on narrow screens.
 *
 * A row names itself by its first cell. Long tables need another grid.
 */

import type { ReactNode } from 'react'
import {
  Cell as AriaCell,
  Column as AriaColumn,
  Row as AriaRow,
  Table as AriaTable,
  type SortDescriptor,
  TableBody,
  TableHeader,
} from 'react-aria-components'
import { Icon } from './icon'
import styles from './table.module.css'

export type TableProps = {
  label: string
  /** `Column`s. */
  columns: ReactNode
  /** `Row`s. */
  children: ReactNode
  sort?: SortDescriptor
  onSort?(sort: SortDescriptor): void
}

export type { SortDescriptor }

export function Table({ label, columns, children, sort, onSort }: TableProps) {
  return (
    <div className={styles.frame}>
      <AriaTable
        aria-label={label}
        className={styles.table ?? ''}
        {...(sort ? { sortDescriptor: sort } : {})}
        {...(onSort ? { onSortChange: onSort } : {})}
      >
        <TableHeader className={styles.head ?? ''}>{columns}</TableHeader>
        <TableBody className={styles.body ?? ''}>{children}</TableBody>
      </AriaTable>
    </div>
  )
}

/** `end` for buttons, `number` for what is compared by its digits. */
export type Align = 'start' | 'end' | 'number'

export type ColumnProps = {
  id: string
  children: string
  align?: Align
  isRowHeader?: boolean
  allowsSorting?: boolean
}

export function Column({ children, align = 'start', ...column }: ColumnProps) {
  return (
    <AriaColumn {...column} className={`${styles.column} ${align === 'start' ? '' : styles[align]}`}>
      {({ allowsSorting, sortDirection }) => (
        <span className={styles.columnWords}>
          {children}
          {allowsSorting && <Icon name={sortDirection === 'ascending' ? 'sortUp' : 'sortDown'} size={13} />}
        </span>
      )}
    </AriaColumn>
  )
}

export type RowProps = {
  id: string
  /** What typing ahead finds it by. */
  textValue: string
  children: ReactNode
}

export function Row({ id, textValue, children }: RowProps) {
  return (
    <AriaRow id={id} textValue={textValue} className={styles.row ?? ''}>
      {children}
    </AriaRow>
  )
}

export type CellProps = {
  /** Its column's name, shown beside it on narrow screens. */
  label?: string
  align?: Align
  children: ReactNode
}

export function Cell({ label, align = 'start', children }: CellProps) {
  return (
    <AriaCell data-label={label} className={`${styles.cell} ${align === 'start' ? '' : styles[align]}`}>
      {children}
    </AriaCell>
  )
}
