/**
 * The state of the page: its address, the query being typed, and the moment it looks from.
 *
 * Hides: the router, how a change of the address asks anew, the timer of the automatic refresh.
 * Knows nothing of: answers and components.
 */

import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { type Condition, withCondition } from '../../query/condition'
import { parametersOf, type SearchParameters, type SearchView, viewOf } from './address'
import type { Question } from './answers'
import { resolved } from './range'

export type SearchState = {
  view: SearchView
  /** What the view asks, with the moments that its range means now. */
  question: Question
  /** The query as it is being typed. */
  draft: string
  write(query: string): void
  /** Runs what is typed. */
  run(): void
  /** Asks the same as of now. */
  look(): void
  /** Changes the address; a step that the browser's back button undoes. */
  show(change: Partial<SearchView>): void
  /** Changes the address in place. */
  replace(change: Partial<SearchView>): void
  /** Adds a condition to what is typed, and runs it. */
  narrow(condition: Condition): void
}

export function useSearchState(): SearchState {
  const { topic = '' } = useParams({ strict: false })
  const parameters: SearchParameters = useSearch({ strict: false })
  const view = useMemo(() => viewOf(parameters), [parameters])
  const { region } = parameters
  const { now, look } = useMoment(view)
  const [draft, write] = useDraft(view.query)
  const navigate = useNavigate()

  const go = useCallback(
    (change: Partial<SearchView>, replace: boolean) => {
      // Between two moments, now does not matter; and going back finds the answer that was there.
      if (change.query !== undefined || change.range?.kind === 'relative') look()
      const search = { region, ...parametersOf({ ...view, ...change }) }
      return navigate({ to: '.', search, replace })
    },
    [navigate, view, region, look],
  )

  const question = useMemo(
    () => ({ topic, region, query: view.query, range: resolved(view.range, now) }),
    [topic, region, view.query, view.range, now],
  )
  return {
    view,
    question,
    draft,
    write,
    look,
    run: () =>
      draft.trim() === view.query
        ? look()
        : go({ query: draft.trim(), record: undefined, tab: 'answer' }, false),
    show: change => go(change, false),
    replace: change => go(change, true),
    narrow: condition => go({ query: withCondition(draft, condition) }, false),
  }
}

/** The text in the editor; follows the address when that changes. */
function useDraft(query: string) {
  const [draft, setDraft] = useState(query)
  useEffect(() => setDraft(query), [query])
  return [draft, setDraft] as const
}

/** The moment that "now" means on this page; it advances when the page looks again. */
function useMoment({ range, refresh }: SearchView) {
  const queryClient = useQueryClient()
  const [now, setNow] = useState(() => Date.now())
  const look = useCallback(() => setNow(Date.now()), [])
  const isFollowing = refresh !== undefined && range.kind === 'relative'
  useEffect(() => {
    if (!isFollowing) return
    const lookUnlessBusy = () => {
      // A question that takes longer than the interval would otherwise never be answered.
      const isAsking = queryClient.isFetching({ queryKey: ['SearchLog'] }) > 0
      if (!document.hidden && !isAsking) look()
    }
    const timer = setInterval(lookUnlessBusy, Number(refresh) * 1000)
    return () => clearInterval(timer)
  }, [isFollowing, refresh, look, queryClient])
  return { now, look }
}
