import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, openBrowser, openPage, shareSession, signInFirst } from './browser'
import { startServerWithGateway, type TestServer } from './server'

let server: TestServer
let browser: Browser
let page: Page
let topic: string

beforeAll(async () => {
  server = await startServerWithGateway()
  browser = await openBrowser()
  page = await openPage(browser)
  await signInFirst(page, server)
  await server.natlens('flow-log', 'create', 'edge')
  await page.reload()
  await page.getByRole('link', { name: 'View the records of edge' }).click()
  await page.waitForURL(/\/search/)
  topic = new URL(page.url()).pathname
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

/** Opens the search page with these parameters. */
async function open(parameters: Record<string, string>, on = page): Promise<void> {
  await on.goto(`${server.url}${topic}?${new URLSearchParams(parameters)}`)
}

const TWO_DAYS = 2 * 24 * 3600_000

/** The last minutes, which do not move while a story looks at them. */
function still(milliseconds = 600_000): Record<string, string> {
  const now = Date.now()
  return { from: new Date(now - milliseconds).toISOString(), to: new Date(now).toISOString() }
}

function histogram(): Locator {
  return page.getByRole('figure', { name: 'Records over time' })
}

/** How many records the histogram counts. */
async function counted(on = page): Promise<number> {
  const words = on.getByRole('figure', { name: 'Records over time' }).getByText(/^[\d,]+ records?$/)
  return Number((await words.first().textContent())?.replace(/\D/g, ''))
}

/** Waits until the histogram counts what `isWanted`. */
async function untilCounted(isWanted: (count: number) => boolean): Promise<number> {
  await expect.poll(async () => isWanted(await counted()), { timeout: 20_000 }).toBe(true)
  return counted()
}

/**
 * Opens the last 15 minutes once their records lie in so many bars, which are 10 s wide: with four, no zoom into
 * the width of one can hold all of them.
 */
async function openOverBars(least: number): Promise<void> {
  const bars = async () => {
    await open({ range: '15m' })
    await untilCounted(count => count > 0)
    await histogram().getByRole('button', { name: 'As a table' }).click()
    return histogram().getByRole('table').locator('tbody tr').count()
  }
  await expect.poll(bars, { timeout: 90_000, interval: 2_000 }).toBeGreaterThanOrEqual(least)
  await open({ range: '15m' })
}

function rows(on = page): Locator {
  return on.getByRole('grid', { name: 'Records' }).locator('[role=row][data-index]')
}

function details(on = page): Locator {
  return on.getByRole('complementary', { name: 'Record' })
}

/** Replaces the query by keys alone, and runs it. */
async function ask(query: string): Promise<void> {
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type(query)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
}

function parameter(name: string): string | null {
  return new URL(page.url()).searchParams.get(name)
}

test('records arrive by themselves', async () => {
  await open({ refresh: '5' })
  await rows().first().waitFor({ timeout: 60_000 })
  const before = await counted()
  await page.getByText(/\d+ new records/).waitFor({ timeout: 60_000 })
  expect(await untilCounted(count => count > before)).toBeGreaterThan(before)
})

describe('a search', () => {
  test('finds what it asks for, and only that', async () => {
    await open(still())
    const all = await untilCounted(count => count > 0)
    await page.getByRole('heading', { level: 1 }).click()
    await ask('action:REJECT')
    await page.waitForURL(/query=action/)
    const refused = await untilCounted(count => count > 0 && count < all)
    await histogram()
      .getByText(`${refused.toLocaleString('en')} refused`)
      .waitFor()
    // The rows of the answer before stay until the next is there.
    await expect
      .poll(async () => (await rows().allTextContents()).every(row => row.includes('REJECT')))
      .toBe(true)
    expect(await rows().count()).toBeGreaterThan(0)
  })

  test('is undone by the back button of the browser', async () => {
    const refused = await counted()
    await page.goBack()
    await untilCounted(count => count > refused)
    expect(parameter('query')).toBeNull()
  })

  test('is completed while it is typed: field, then value', async () => {
    await page.getByRole('heading', { level: 1 }).click()
    await page.keyboard.press('/')
    await page.keyboard.type('acti')
    const offers = page.getByRole('listbox')
    await offers.getByText('action:').waitFor()
    await page.keyboard.press('Tab')
    await offers.getByText('REJECT').waitFor()
    expect(await page.getByRole('textbox', { name: 'Query' }).textContent()).toBe('action:')
  })

  test('that is wrong is underlined where the mistake stands, with what was meant', async () => {
    await open(still())
    await rows().first().waitFor()
    await page.getByRole('heading', { level: 1 }).click()
    await ask('action:ACCEPT AND dst_prot:443')
    await page.getByRole('alert').getByText('did you mean `dstport`?').waitFor()
    await page.getByRole('alert').getByText('FailedOperation.QueryError').waitFor()
    expect(await page.locator('.cm-lintRange-error').textContent()).toBe('dst_prot')
    expect(await barriers(page)).toEqual([])
  })

  test('that finds nothing offers a longer range', async () => {
    await open({ query: 'srcaddr:192.0.2.99', range: '5m' })
    await page.getByRole('heading', { name: 'No record in this range' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Search the last 1 hour' }).click()
    await page.waitForURL(/range=1h/)
  })

  test('is stopped by Escape, on the wire too', async () => {
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    await page.route('**/api/cls/SearchLog*', async route => {
      await held
      await route.continue().catch(() => {})
    })
    const ended = page.waitForEvent('requestfailed', request => request.url().includes('SearchLog'))
    await open({ ...still(), query: 'protocol:udp' })
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await page.keyboard.press('Escape')
    await ended
    await page.getByRole('heading', { name: 'Stopped' }).waitFor()
    release()
    await page.unroute('**/api/cls/SearchLog*')
    await page.getByRole('button', { name: 'Try again' }).click()
    await rows().first().waitFor()
  })
})

describe('the histogram', () => {
  test('zooms to what is drawn over it, and the back button undoes that', async () => {
    await openOverBars(4)
    const all = await untilCounted(count => count > 0)
    await page.waitForLoadState('networkidle')
    const box = await histogram().locator('.u-over').boundingBox()
    if (box === null) throw new Error('the histogram is not drawn')
    await page.mouse.move(box.x + box.width - 12, box.y + box.height / 2)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width - 24, box.y + box.height / 2, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/from=.*&to=/)
    await untilCounted(count => count < all)
    await page.goBack()
    await page.waitForURL(/range=15m|^(?!.*from=)/)
    expect(await untilCounted(count => count === all)).toBe(all)
  })

  test('is a table for whoever wants one', async () => {
    await histogram().getByRole('button', { name: 'As a table' }).click()
    const table = histogram().getByRole('table')
    const counts = await table.locator('tbody td:nth-of-type(1)').allTextContents()
    const sum = counts.reduce((total, count) => total + Number(count.replace(/\D/g, '')), 0)
    expect(sum).toBe(await counted())
    await table.getByRole('button').first().click()
    await page.waitForURL(/from=/)
  })

  test('moves and widens by keys', async () => {
    await open({ range: '5m' })
    await untilCounted(() => true)
    await page.keyboard.press('[')
    await page.waitForURL(/from=/)
    const length = () => Date.parse(parameter('to') ?? '') - Date.parse(parameter('from') ?? '')
    expect(length()).toBe(300_000)
    await page.keyboard.press('z')
    await expect.poll(length).toBe(900_000)
  })
})

describe('a field', () => {
  let all = 0

  test('tells its most frequent values, and a click finds as many records as it counts', async () => {
    await open(still())
    all = await untilCounted(count => count > 0)
    await page.getByRole('button', { name: /^protocol/ }).click()
    const values = page.getByRole('list', { name: 'Most frequent values of protocol' })
    const first = values.getByRole('button').first()
    const told = Number(
      /^([\d,]+) records/.exec((await first.getAttribute('title')) ?? '')?.[1]?.replace(/\D/g, ''),
    )
    expect(told).toBeGreaterThan(0)
    await first.click()
    expect(await untilCounted(count => count < all)).toBe(told)
    expect(parameter('query')).toMatch(/^protocol:\d+$/)
  })

  test('leaves a value out by a click with Alt', async () => {
    const included = await counted()
    const values = page.getByRole('list', { name: 'Most frequent values of protocol' })
    await values
      .getByRole('button')
      .first()
      .click({ modifiers: ['Alt'] })
    await page.waitForURL(/query=NOT/)
    expect(await untilCounted(count => count === all - included)).toBe(all - included)
  })

  test('that counts adds up', async () => {
    const bytes = page.getByRole('button', { name: /^bytes/ })
    await bytes.click()
    const field = page.getByRole('listitem').filter({ has: bytes }).last()
    await expect
      .poll(() => field.getByRole('definition').first().textContent())
      .toMatch(/^\d+(\.\d+)? [KM]iB$/)
    await bytes.click()
  })

  test('becomes a column, which the address keeps', async () => {
    await page.getByRole('button', { name: 'Show flow-id as a column' }).click()
    await page.getByRole('columnheader', { name: 'flow-id' }).waitFor()
    await page.reload()
    await page.getByRole('columnheader', { name: 'flow-id' }).waitFor()
  })
})

describe('a record', () => {
  test('is opened, walked from and closed by keys alone', async () => {
    await open(still())
    await rows().first().waitFor()
    // Wherever the focus is, as long as no text is typed there.
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await details().waitFor()
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H2')
    const first = parameter('record')
    await page.keyboard.press('j')
    await expect.poll(() => parameter('record')).not.toBe(first)
    await page.keyboard.press('k')
    await expect.poll(() => parameter('record')).toBe(first)
    await page.keyboard.press('Escape')
    await details().waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement.getAttribute("role")')).toBe('grid')
  })

  test('is a link: another person sees the same, whatever the range', async () => {
    await rows().nth(1).click()
    await details().waitFor()
    const shown = await details().getByRole('heading').first().textContent()
    const other = await openPage(browser)
    await shareSession(page, other)
    await open({ query: 'action:NOTHING', range: '5m', record: parameter('record') ?? '' }, other)
    await details(other).waitFor()
    expect(await details(other).getByRole('heading').first().textContent()).toBe(shown)
    await other.context().close()
  })

  test('leads to all records of its conversation', async () => {
    await details().getByRole('button', { name: 'All records of this conversation' }).click()
    await page.waitForURL(/query=flow-id/)
    await expect.poll(() => rows().count()).toBeGreaterThan(0)
  })
})

test('SQL is answered by a table, beside the records that it was computed from', async () => {
  await open({
    ...still(),
    query: 'action:REJECT | SELECT dstport, count(*) AS n GROUP BY dstport ORDER BY n DESC',
  })
  const header = page.getByRole('columnheader')
  await header.filter({ hasText: 'bigint' }).first().waitFor()
  expect(await header.allTextContents()).toEqual(['dstport bigint', 'n bigint'])
  const counts = await page.locator('tbody td:nth-child(2)').allTextContents()
  const sum = counts.reduce((total, count) => total + Number(count.replace(/\D/g, '')), 0)
  expect(sum).toBe(await counted())
  await page.getByRole('tab', { name: 'Records' }).click()
  await rows().first().waitFor()
  expect(parameter('tab')).toBe('records')
})

describe('the page is free of barriers', () => {
  test.each([
    { language: 'en', theme: 'light', width: 1280 },
    { language: 'en', theme: 'dark', width: 1280 },
    { language: 'zh-CN', theme: 'light', width: 1280 },
    { language: 'zh-CN', theme: 'dark', width: 390 },
  ] as const)('in $language, $theme, $width px wide', async view => {
    const other = await openPage(browser, view)
    await shareSession(page, other)
    const isClean = async (what: string) => {
      expect(await barriers(other), what).toEqual([])
      const overflow = await other.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(overflow, `${what} is wider than the screen`).toBeLessThanOrEqual(0)
    }
    try {
      await open(still(), other)
      const row = other.locator('[role=row][data-index]').nth(1)
      await row.waitFor()
      await isClean('records')
      await row.click()
      await other.getByRole('complementary').waitFor()
      await isClean('a record')
      await open({ ...still(), query: '* | SELECT action, count(*) AS n GROUP BY action' }, other)
      await other.locator('tbody td').first().waitFor()
      await isClean('an answer')
      await open(still(TWO_DAYS), other)
      await row.waitFor()
      await isClean('a range from one day to another')
      await open({ ...still(), query: '* | SELECT action, count(*) AS n GROUP BY action' }, other)
      await other.locator('tbody td').first().waitFor()
      await other.keyboard.press('?')
      await other.getByRole('dialog').waitFor()
      await isClean('the keys')
    } finally {
      await other.context().close()
    }
  })
})

test('a topic without index says so, and how to make one', async () => {
  const id = topic.split('/')[2] ?? ''
  await server.natlens('index', 'delete', id)
  await open({})
  await page.getByRole('heading', { name: 'This topic has no index' }).waitFor()
  expect(await barriers(page)).toEqual([])
  const command = await page.getByText(/^natlens index create/).textContent()
  await server.natlens(...(command ?? '').split(' ').slice(1))
  await page.reload()
  await rows().first().waitFor()
})

test('the usage of the topic is a page of its own', async () => {
  await open({})
  await page.getByRole('link', { name: 'Usage' }).click()
  await page.waitForURL(/\/usage/)
  const hour = page
    .getByRole('table', { name: 'Usage by hour' })
    .or(page.getByRole('grid', { name: 'Usage by hour' }))
  await hour
    .getByText(/^[\d.]+ [KM]iB$/)
    .first()
    .waitFor()
  expect(await barriers(page)).toEqual([])
})
