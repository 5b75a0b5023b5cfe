/** Starts the console: wiring, and nothing else. */

import './theme/tokens.css'
import './theme/base.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { askSession, makeQueryClient } from './api/ask'
import { onSignedOut } from './api/client'
import { makeRouter } from './routes'
import { PreferencesProvider } from './state/preferences'
import { followUpgrades } from './state/upgrade'
import { WordsProvider } from './words/words'

const queryClient = makeQueryClient()
const router = makeRouter(queryClient)

onSignedOut(() => {
  // The routes ask again who is signed in, and lead to the sign-in page when nobody is.
  queryClient.removeQueries({ queryKey: askSession().queryKey })
  void router.invalidate()
})

followUpgrades()

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element with the id root')

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <PreferencesProvider>
        <WordsProvider>
          <RouterProvider router={router} />
        </WordsProvider>
      </PreferencesProvider>
    </QueryClientProvider>
  </StrictMode>,
)
