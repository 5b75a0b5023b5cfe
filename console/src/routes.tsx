/**
 * Every page and its address.
 *
 * Hides: how pages are fetched when they are first opened, and that nobody enters without signing in.
 * Knows nothing of: what pages show.
 */

import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router'
import { askSession } from './api/ask'
import { ApiError } from './api/client'
import { readFlowLogsSearch } from './pages/flow-logs/address'
import { readGatewaysSearch } from './pages/gateways/address'
import { NotFoundPage } from './pages/not-found/not-found-page'
import { readSearchParameters } from './pages/search/address'
import { readSignInSearch } from './pages/sign-in/address'
import { Broken } from './shell/broken'
import { Shell } from './shell/shell'
import { parseSearch, readCommonSearch, stringifySearch } from './state/address'
import { Pending } from './ui/marks'

type Context = { queryClient: QueryClient }

const root = createRootRouteWithContext<Context>()({ component: Outlet })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: readSignInSearch,
  component: lazyRouteComponent(() => import('./pages/sign-in/sign-in-page'), 'SignInPage'),
})

/** What only those who are signed in see. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  validateSearch: readCommonSearch,
  search: { middlewares: [retainSearchParams(['region'])] },
  beforeLoad: ({ context, location }) => requireSession(context.queryClient, location.href),
  component: Shell,
})

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/flow-logs' })
  },
})

const flowLogs = createRoute({
  getParentRoute: () => shell,
  path: '/flow-logs',
  validateSearch: readFlowLogsSearch,
  component: lazyRouteComponent(() => import('./pages/flow-logs/flow-logs-page'), 'FlowLogsPage'),
})

const gateways = createRoute({
  getParentRoute: () => shell,
  path: '/gateways',
  validateSearch: readGatewaysSearch,
  component: lazyRouteComponent(() => import('./pages/gateways/gateways-page'), 'GatewaysPage'),
})

const account = createRoute({
  getParentRoute: () => shell,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account/account-page'), 'AccountPage'),
})

const search = createRoute({
  getParentRoute: () => shell,
  path: '/topics/$topic/search',
  validateSearch: readSearchParameters,
  component: lazyRouteComponent(() => import('./pages/search/search-page'), 'SearchPage'),
})

const usage = createRoute({
  getParentRoute: () => shell,
  path: '/topics/$topic/usage',
  component: lazyRouteComponent(() => import('./pages/usage/usage-page'), 'UsagePage'),
})

/** An address without a page, inside the frame so that one finds back. */
const nowhere = createRoute({ getParentRoute: () => shell, path: '$', component: NotFoundPage })

const routeTree = root.addChildren([
  signIn,
  shell.addChildren([home, flowLogs, gateways, account, search, usage, nowhere]),
])

export function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    defaultPendingComponent: Pending,
    defaultErrorComponent: Broken,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}

async function requireSession(queryClient: QueryClient, href: string): Promise<void> {
  const session = await queryClient.ensureQueryData(askSession()).catch((error: unknown) => {
    if (error instanceof ApiError && error.signedOut) return undefined
    throw error
  })
  if (session === undefined || session.MustSetPassword)
    throw redirect({ to: '/sign-in', search: { next: href } })
}
