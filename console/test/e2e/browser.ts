/**
 * A real browser, and what stories do in it again and again.
 *
 * Hides: how the browser is started, how one signs in.
 * Knows nothing of: pages beyond the sign-in.
 */

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { TestServer } from './server'

const PROGRAM = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium'

/** No sandbox, because stories also run as root; nothing that speaks to other hosts. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The password that stories give to `admin`. */
export const PASSWORD = 'correct horse battery'

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: FLAGS })
}

export type View = { language?: 'en' | 'zh-CN'; theme?: 'light' | 'dark'; width?: number; height?: number }

/** A page of a fresh profile. What the page complains about ends the story. */
export async function openPage(browser: Browser, view: View = {}): Promise<Page> {
  const { language = 'en', theme = 'light', width = 1280, height = 800 } = view
  const locale = language === 'en' ? 'en-US' : language
  const page = await browser.newPage({ viewport: { width, height }, locale, colorScheme: theme })
  page.on('pageerror', error => {
    throw error
  })
  return page
}

/** Signs in by the one-time link and chooses a password; stands on the list of flow logs then. */
export async function signInFirst(page: Page, server: TestServer): Promise<void> {
  await page.goto(server.signInLink)
  await page.getByLabel('New password').fill(PASSWORD)
  await page.getByLabel('Repeat it').fill(PASSWORD)
  await page.getByRole('button', { name: 'Set password and continue' }).click()
  await page.getByRole('heading', { name: 'Flow logs' }).waitFor()
}

/** Takes the session of `from` along into a page of another profile. */
export async function shareSession(from: Page, to: Page): Promise<void> {
  await to.context().addCookies(await from.context().cookies())
}

/**
 * What keeps people from using the page as it stands, one line each: WCAG 2.2 A and AA, and good practice.
 *
 * What react-aria reads aloud is left out: it stands in the page for a moment, after what it names is gone.
 */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(await AXE)
  const { violations } = await page.evaluate<import('axe-core').AxeResults>(
    "axe.run({ exclude: '[data-live-announcer]' }, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(node => `${id} at ${node.target.join(' ')}: ${node.failureSummary ?? node.html}`),
  )
}

const AXE = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
