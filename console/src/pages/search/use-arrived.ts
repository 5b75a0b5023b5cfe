/**
 * Tells which records were not there when the same question was asked before.
 *
 * Hides: what is remembered of earlier answers.
 * Knows nothing of: how arrivals are shown.
 */

import { useEffect, useRef, useState } from 'react'
import type { FoundRecord, RecordPlace } from './record'
import type { SearchState } from './search-state'

type Seen = {
  question: string
  /** When it was asked. Unit: Unix milliseconds. */
  look: number
  places: ReadonlySet<RecordPlace>
}

/** The records that came with the last look; none after another question, nor by loading more of the same answer. */
export function useArrived(
  records: readonly FoundRecord[] | undefined,
  { view, question }: SearchState,
): ReadonlySet<RecordPlace> {
  const asked = `${view.query}\n${JSON.stringify(view.range)}\n${view.sort}`
  const look = question.range.to
  const before = useRef<Seen>(undefined)
  const [arrived, setArrived] = useState<ReadonlySet<RecordPlace>>(NONE)
  useEffect(() => {
    if (records === undefined) return
    const seen = before.current
    const places = new Set(records.map(({ place }) => place))
    before.current = { question: asked, look, places }
    if (seen?.question !== asked) setArrived(NONE)
    else if (seen.look !== look) setArrived(without(places, seen.places))
  }, [records, asked, look])
  return arrived
}

const NONE: ReadonlySet<RecordPlace> = new Set()

function without(
  places: ReadonlySet<RecordPlace>,
  known: ReadonlySet<RecordPlace>,
): ReadonlySet<RecordPlace> {
  return new Set([...places].filter(place => !known.has(place)))
}
