/**
 * The grid of records: as many rows as there are, of which only those in sight are drawn.
 *
 * Hides: virtual rows.
 * Knows nothing of: where records come from; opening one is handed up.
 */

import { useVirtualizer } from '@tanstack/react-virtual'
import { type CSSProperties, useId, useMemo, useRef } from 'react'
import { usePreferences } from '../../state/preferences'
import { Icon } from '../../ui/icon'
import { useWords } from '../../words/words'
import { type Column, columnNamed } from './columns'
import type { FoundRecord, RecordPlace } from './record'
import { RecordRow } from './record-row'
import styles from './record-table.module.css'
import { ROW_HEIGHT, useRowKeys } from './use-row-keys'

/** Rows drawn beyond those in sight, so that fast scrolling shows no gaps. */
const OVERSCAN = 12

export type RecordTableProps = {
  records: readonly FoundRecord[]
  columns: readonly string[]
  /** Whether all records are of one day, which then is not repeated. */
  isOneDay: boolean
  sort: 'desc' | 'asc'
  /** The open record. */
  open: RecordPlace | undefined
  /** Records that were not there before the last look. */
  arrived: ReadonlySet<RecordPlace>
  isStale: boolean
  onSort(sort: 'desc' | 'asc'): void
  onOpen(place: RecordPlace): void
}

export function RecordTable({
  records,
  columns,
  isOneDay,
  open,
  arrived,
  isStale,
  ...rest
}: RecordTableProps) {
  const { search } = useWords()
  const { language } = usePreferences()
  const shown = useMemo(() => columns.map(name => columnNamed(name, isOneDay)), [columns, isOneDay])
  const scroller = useRef<HTMLDivElement>(null)
  const gridId = useId()
  const rows = useVirtualizer({
    count: records.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    scrollPaddingStart: ROW_HEIGHT,
  })
  const { onOpen } = rest
  const scrollTo = (index: number) => rows.scrollToIndex(index)
  const { current, ...handlers } = useRowKeys({ grid: scroller, records, open, onOpen, scrollTo })
  const rowId = (index: number) => `${gridId}-${index}`
  const drawn = rows.getVirtualItems()
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table element cannot hold virtual rows
    <div
      ref={scroller}
      role="grid"
      id={gridId}
      className={styles.grid}
      aria-label={search.records.label}
      aria-rowcount={records.length + 1}
      aria-colcount={shown.length}
      aria-activedescendant={drawn.some(row => row.index === current) ? rowId(current) : undefined}
      aria-busy={isStale}
      data-stale={isStale || undefined}
      tabIndex={0}
      {...handlers}
      style={widthsOf(shown)}
    >
      <HeadRow columns={shown} sort={rest.sort} onSort={rest.onSort} />
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div role="rowgroup" className={styles.body} style={{ height: rows.getTotalSize() }}>
        {drawn.map(({ index, start }) => {
          const record = records[index]
          return (
            record && (
              <RecordRow
                key={record.place}
                id={rowId(index)}
                record={record}
                columns={shown}
                language={language}
                isOneDay={isOneDay}
                index={index}
                top={start}
                isCurrent={index === current}
                isOpen={record.place === open}
                hasArrived={arrived.has(record.place)}
              />
            )
          )
        })}
      </div>
    </div>
  )
}

/** Columns as wide as they need, which share what is left over. */
function widthsOf(columns: readonly Column[]): CSSProperties {
  const tracks = columns.map(({ widthCh }) => `minmax(${widthCh}ch, ${widthCh}fr)`)
  const width = columns.reduce((sum, { widthCh }) => sum + widthCh, 0)
  return { '--columns': tracks.join(' '), '--width': `${width}ch` } as CSSProperties
}

type HeadRowProps = { columns: readonly Column[] } & Pick<RecordTableProps, 'sort' | 'onSort'>

function HeadRow({ columns, sort, onSort }: HeadRowProps) {
  const { search } = useWords()
  const isNewestFirst = sort === 'desc'
  const names: Record<string, string> = search.columns.names
  return (
    // biome-ignore lint/a11y/useSemanticElements: as the grid
    <div role="rowgroup" className={styles.head}>
      {/* biome-ignore lint/a11y/useSemanticElements: as the grid */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus, and names its current row */}
      <div role="row" aria-rowindex={1} className={styles.row}>
        {columns.map(({ name, align }) => (
          // biome-ignore lint/a11y/useSemanticElements: as the grid
          // biome-ignore lint/a11y/useFocusableInteractive: as the row
          <div
            key={name}
            role="columnheader"
            className={styles.column}
            data-align={align}
            aria-sort={name === 'time' ? (isNewestFirst ? 'descending' : 'ascending') : undefined}
          >
            {name === 'time' ? (
              <button
                type="button"
                className={styles.sort}
                title={isNewestFirst ? search.records.newestFirst : search.records.oldestFirst}
                onClick={() => onSort(isNewestFirst ? 'asc' : 'desc')}
              >
                {names[name]}
                <Icon name={isNewestFirst ? 'sortDown' : 'sortUp'} size={13} />
              </button>
            ) : (
              (names[name] ?? <code>{name}</code>)
            )}
          </div>
        ))}
      </div>
    </div>
  )
}
