/**
 * Binds operations to TanStack Query: what is read has a key, what is changed makes reads stale.
 *
 * Hides: how keys are made, what is tried again.
 * Knows nothing of: pages.
 */

import { QueryClient, queryOptions } from '@tanstack/react-query'
import { ApiError, call, type Operation, type RequestOf, type ResponseOf, type Service } from './client'

/** How often a read that did not reach the server is tried again. */
const RETRIES = 2

/** How long an answer is taken as fresh when its page is opened again. Unit: milliseconds. */
const FRESH = 5000

/** The most that one answer of a list holds. */
const LIMIT_MAX = 100

/** The options of a query that carries out `operation`; leaving the page ends it on the server too. */
export function ask<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  request: RequestOf<O>,
  region?: string,
) {
  return queryOptions({
    queryKey: [operation, region ?? '', request] as const,
    queryFn: ({ signal }) => call(service, operation, request, { region, signal }),
  })
}

/** The options of a query for every entry of a list, however many answers that takes. */
export function askAll<S extends Service, O extends Operation<S>, Entry>(
  service: S,
  operation: O,
  request: RequestOf<O> & object,
  region: string | undefined,
  entriesOf: (answer: ResponseOf<O>) => readonly Entry[],
) {
  return queryOptions({
    queryKey: [operation, region ?? '', request, 'all'] as const,
    queryFn: async ({ signal }) => {
      const all: Entry[] = []
      for (;;) {
        const part = { ...request, Limit: LIMIT_MAX, Offset: all.length }
        const entries = entriesOf(await call(service, operation, part, { region, signal }))
        all.push(...entries)
        if (entries.length < LIMIT_MAX) return all
      }
    },
  })
}

/** Who is signed in; asked once. */
export function askSession() {
  return { ...ask('natlens', 'DescribeSession', {}), staleTime: Number.POSITIVE_INFINITY }
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH,
        // An answer is an answer: only silence, and a server that is busy, are worth another try.
        retry: (failures, error) => failures < RETRIES && error instanceof ApiError && isPassing(error),
      },
      mutations: { retry: false },
    },
  })
}

function isPassing({ status }: ApiError): boolean {
  return status === 0 || status === 502 || status === 503
}
