/** Shows a component as the console does, for unit tests. */

import { QueryClientProvider } from '@tanstack/react-query'
import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import axe from 'axe-core'
import type { ReactNode } from 'react'
import { makeQueryClient } from '../api/ask'
import { PreferencesProvider } from '../state/preferences'
import { WordsProvider } from '../words/words'

export function show(children: ReactNode) {
  const page = render(
    <QueryClientProvider client={makeQueryClient()}>
      <PreferencesProvider>
        <WordsProvider>{children}</WordsProvider>
      </PreferencesProvider>
    </QueryClientProvider>,
  )
  return { ...page, user: userEvent.setup() }
}

/** What keeps people from using the page, one line each. Colours need a real browser: see `test/e2e`. */
export async function barriers(): Promise<string[]> {
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } })
  return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html}`))
}
