/**
 * Moves through the rows of the grid: by keys, by the pointer, and with the record that is open.
 *
 * Hides: which key does what, what happens to the current row when the records change.
 * Knows nothing of: how rows look.
 */

import {
  type KeyboardEvent,
  type MouseEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import type { FoundRecord, RecordPlace } from './record'
import { useKeys } from './use-keys'

/** Unit: CSS pixels. */
export const ROW_HEIGHT = 30

export type RowKeysProps = {
  grid: RefObject<HTMLElement | null>
  records: readonly FoundRecord[]
  open: RecordPlace | undefined
  onOpen(place: RecordPlace): void
  scrollTo(index: number): void
}

/** The current row, and what keys and clicks on the grid do. */
export function useRowKeys({ grid, records, open, onOpen, scrollTo }: RowKeysProps) {
  const [chosen, setCurrent] = useState(0)
  const current = Math.min(chosen, Math.max(0, records.length - 1))
  useFollow(records, open, setCurrent)
  useFocusBack(grid, open)
  useKeptSight(grid, records)

  const openAt = (index: number) => {
    const place = records[index]?.place
    if (place !== undefined) onOpen(place)
  }
  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(records.length - 1, index))
    setCurrent(next)
    scrollTo(next)
    if (open !== undefined) openAt(next)
  }
  const walk = (rows: number) => () => {
    grid.current?.focus({ preventScroll: true })
    moveTo(current + rows)
  }
  useKeys({ j: walk(1), k: walk(-1) })
  const onKeyDown = (event: KeyboardEvent) => {
    const isForGrid =
      event.target === event.currentTarget && !event.ctrlKey && !event.metaKey && !event.altKey
    const next = stepOf(event.key, current, grid.current?.clientHeight ?? 0, records.length)
    if (!isForGrid || (next === undefined && event.key !== 'Enter')) return
    event.preventDefault()
    if (next === undefined) openAt(current)
    else moveTo(next)
  }
  const onClick = (event: MouseEvent) => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-index]') : null
    const isSelectingText = window.getSelection()?.isCollapsed === false
    if (row === null || isSelectingText) return
    setCurrent(Number(row.dataset.index))
    openAt(Number(row.dataset.index))
  }
  return { current, onKeyDown, onClick }
}

/** Where a key moves the current row; `undefined` for other keys. */
function stepOf(key: string, current: number, height: number, length: number): number | undefined {
  const page = Math.max(1, Math.floor(height / ROW_HEIGHT) - 2)
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return current + 1
    case 'ArrowUp':
    case 'k':
      return current - 1
    case 'PageDown':
      return current + page
    case 'PageUp':
      return current - page
    case 'Home':
      return 0
    case 'End':
      return length - 1
    default:
      return undefined
  }
}

/** Makes the open record's row the current one. */
function useFollow(
  records: readonly FoundRecord[],
  open: RecordPlace | undefined,
  setCurrent: (index: number) => void,
): void {
  const index = open === undefined ? -1 : records.findIndex(({ place }) => place === open)
  useEffect(() => {
    if (index >= 0) setCurrent(index)
  }, [index, setCurrent])
}

/** Gives the focus back to the grid when the open record, which had it, is closed. */
function useFocusBack(grid: RefObject<HTMLElement | null>, open: RecordPlace | undefined): void {
  const before = useRef(open)
  useEffect(() => {
    const isClosed = before.current !== undefined && open === undefined
    before.current = open
    if (isClosed && document.activeElement === document.body) grid.current?.focus({ preventScroll: true })
  }, [grid, open])
}

/** Keeps the rows in sight where they are when newer records come in above them; at the top, they are let in. */
function useKeptSight(grid: RefObject<HTMLElement | null>, records: readonly FoundRecord[]): void {
  const before = useRef(records)
  useLayoutEffect(() => {
    const element = grid.current
    const index = Math.floor((element?.scrollTop ?? 0) / ROW_HEIGHT)
    const first = before.current[index]
    before.current = records
    if (element === null || index === 0 || first === undefined) return
    const moved = records.findIndex(({ place }) => place === first.place)
    if (moved >= 0) element.scrollTop += (moved - index) * ROW_HEIGHT
  }, [grid, records])
}
