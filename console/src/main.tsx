/** Starts the console: wiring, and nothing else. */

import './theme/tokens.css'
import './theme/base.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { makeQueryClient } from './api/ask'
import { onSignedOut } from './api/client'
import { makeRouter } from './routes'
import { PreferencesProvider } from './state/preferences'
import { WordsProvider } from './words/words'

const queryClient = makeQueryClient()
const router = makeRouter(queryClient)

onSignedOut(() => {
  const { pathname, href } = router.state.location
  if (pathname === '/sign-in') return
  queryClient.clear()
  void router.navigate({ to: '/sign-in', search: { next: href } })
})

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
