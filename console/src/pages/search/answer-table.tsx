/**
 * The table that the SQL part computed.
 *
 * Hides: how cells of each type are written and aligned, copying as CSV.
 * Knows nothing of: the SQL.
 */

import { useMemo } from 'react'
import type { Schema } from '../../api/client'
import { usePreferences } from '../../state/preferences'
import { Button } from '../../ui/button'
import { Empty } from '../../ui/marks'
import { useCopy } from '../../ui/use-copy'
import { useWords } from '../../words/words'
import styles from './answer-table.module.css'
import { AnswerTold, DownloadButton } from './answer-told'
import { isAmount } from './columns'
import { csvOf } from './csv'
import { count, decimal } from './format'
import { objectOf, textOf } from './record'
import type { SearchState } from './search-state'

/** More rows than anybody reads make the page slow. */
const ROWS_SHOWN = 1000

type Column = Schema<'AnswerColumn'>
type Cell = string | null

/** Rows of an answer have no identity but their number. */
type Row = { number: number; cells: Cell[] }

type AnswerTableProps = { page: SearchState; answer: Schema<'SearchLogResponse'>; isStale: boolean }

export function AnswerTable({ page, answer, isStale }: AnswerTableProps) {
  const { search } = useWords()
  const { language } = usePreferences()
  const copy = useCopy()
  const columns = answer.Columns ?? NO_COLUMNS
  const rows = useMemo(() => rowsOf(answer.AnalysisRecords ?? [], columns), [answer, columns])
  if (rows.length === 0) return <Empty title={search.answer.empty} />
  const csv = () =>
    csvOf(
      columns.map(({ Name }) => Name),
      rows.map(({ cells }) => cells),
    )
  return (
    <div className={styles.answer} data-stale={isStale || undefined}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={styles.frame} tabIndex={0} aria-label={search.answer.label}>
        <table className={styles.table}>
          <thead>
            <tr>
              {columns.map(column => (
                <th key={column.Name} scope="col" data-align={alignOf(column)}>
                  {column.Name} <span className={styles.type}>{column.Type}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, ROWS_SHOWN).map(row => (
              <tr key={row.number}>
                {columns.map((column, at) => (
                  <td key={column.Name} data-align={alignOf(column)}>
                    <CellText cell={row.cells[at] ?? null} column={column} language={language} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <footer className={styles.foot}>
        <span>
          {rows.length === 1 ? search.answer.oneRow : search.answer.rows(count(rows.length, language))}
          {rows.length > ROWS_SHOWN && ` ${search.answer.cut(count(ROWS_SHOWN, language))}`}
          {answer.Cut && ` ${search.answer.more}`}
        </span>
        <Button kind="quiet" icon="copy" onPress={() => copy(csv())}>
          {search.answer.copy}
        </Button>
        <DownloadButton question={page.question} query={page.question.query} />
        <AnswerTold scanned={answer.Scanned} />
      </footer>
    </div>
  )
}

const NO_COLUMNS: Column[] = []

function rowsOf(records: readonly string[], columns: readonly Column[]): Row[] {
  return records.map((record, number) => {
    const values = objectOf(record)
    return { number, cells: columns.map(({ Name }) => cellOf(values[Name])) }
  })
}

function cellOf(value: unknown): Cell {
  return value === null || value === undefined ? null : textOf(value)
}

function CellText({ cell, column, language }: { cell: Cell; column: Column; language: string }) {
  const { search } = useWords()
  if (cell === null) return <span className={styles.null}>{search.answer.null}</span>
  const number = Number(cell)
  if (isWhole(column) && isAmount(column.Name) && Number.isSafeInteger(number)) return count(number, language)
  if (column.Type === 'double' && Number.isFinite(number))
    return <span title={cell}>{decimal(number, language)}</span>
  return cell
}

/** Types as Presto names them. */
function isWhole({ Type }: Column): boolean {
  return ['bigint', 'integer', 'smallint', 'tinyint'].includes(Type)
}

function alignOf(column: Column): 'start' | 'end' {
  return isWhole(column) || ['double', 'real', 'decimal'].includes(column.Type) ? 'end' : 'start'
}
