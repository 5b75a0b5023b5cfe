import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, openBrowser, openPage, PASSWORD, shareSession, signInFirst } from './browser'
import { startServerWithGateway, type TestServer } from './server'

let server: TestServer
let browser: Browser
let page: Page

beforeAll(async () => {
  server = await startServerWithGateway()
  browser = await openBrowser()
  page = await openPage(browser)
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

/** The row of a flow log. */
function rowOf(name: string) {
  return page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) })
}

/** Chooses `option` from the menu of the flow log `name`. */
async function choose(name: string, option: string) {
  await page.getByRole('button', { name: `Actions for ${name}` }).click()
  await page.getByRole('menuitem', { name: option }).click()
}

describe('from the first sign-in to the last flow log', () => {
  test('the one-time link asks for a password, and stays in no address', async () => {
    await signInFirst(page, server)
    expect(page.url()).toBe(`${server.url}/flow-logs`)
    expect(await page.evaluate('history.length')).toBeLessThanOrEqual(3)
  })

  test('the empty list says what a flow log is good for', async () => {
    await page.getByRole('heading', { name: 'No flow log in this region yet' }).waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('a form that is not complete says what is missing, and asks no server', async () => {
    await page.getByRole('button', { name: 'New flow log' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'New flow log' })
    await dialog.getByRole('button', { name: 'Create flow log' }).click()
    await dialog.getByText('Give it a name.').waitFor()
    await dialog.getByText('Choose the gateway to watch.').waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('each scope asks for its own resource', async () => {
    const dialog = page.getByRole('dialog', { name: 'New flow log' })
    await dialog.getByRole('button', { name: /Collection scope$/ }).click()
    await page.getByRole('option', { name: 'CCN cross-region traffic' }).click()
    await dialog.getByLabel('CCN id').waitFor()
    await dialog.getByRole('button', { name: /Collection scope$/ }).click()
    await page.getByRole('option', { name: 'NAT gateway' }).click()
    await dialog.getByLabel('CCN id').waitFor({ state: 'detached' })
  })

  test('a flow log of all fields is created', async () => {
    const dialog = page.getByRole('dialog', { name: 'New flow log' })
    await dialog.getByLabel('Name', { exact: true }).fill('edge')
    await dialog
      .getByRole('button', { name: /NAT gateway$/ })
      .last()
      .click()
    await page.getByRole('option').first().click()
    await dialog.getByRole('button', { name: 'Advanced' }).click()
    await dialog.getByLabel('Description').fill('Everything of the edge')
    await dialog.getByRole('button', { name: 'Add a tag' }).click()
    await dialog.getByLabel('Key').fill('team')
    await dialog.getByLabel('Value').fill('net')
    await dialog.getByRole('button', { name: 'Create flow log' }).click()
    await dialog.waitFor({ state: 'detached' })
    const row = rowOf('edge')
    await row.getByText('Collecting').waitFor()
    await row.getByText('team: net').waitFor()
  })

  test('a name that is taken is said at the name', async () => {
    await page.getByRole('button', { name: 'New flow log' }).click()
    const dialog = page.getByRole('dialog', { name: 'New flow log' })
    await dialog.getByLabel('Name', { exact: true }).fill('edge')
    await dialog
      .getByRole('button', { name: /NAT gateway$/ })
      .last()
      .click()
    await page.getByRole('option').first().click()
    await dialog.getByRole('button', { name: 'Create flow log' }).click()
    await dialog.getByText(/already exists/).waitFor()

    await dialog.getByLabel('Name', { exact: true }).fill('rejected only')
    await dialog.getByText('Rejected', { exact: true }).click()
    await dialog.getByRole('button', { name: /Logset$/ }).click()
    await page.getByRole('option', { name: 'New logset…' }).click()
    await dialog.getByLabel('Name of the logset').fill('audit')
    await dialog.getByRole('button', { name: /Topic$/ }).click()
    await page.getByRole('option', { name: 'New topic…' }).click()
    await dialog.getByLabel('Name of the topic').fill('refusals')
    await dialog.getByRole('button', { name: 'Create flow log' }).click()
    await dialog.waitFor({ state: 'detached' })
    await rowOf('rejected only').getByRole('link', { name: 'refusals' }).waitFor()
  })

  test('it is paused and resumed', async () => {
    await choose('edge', 'Pause')
    await rowOf('edge').getByText('Paused').waitFor()
    await choose('edge', 'Resume')
    await rowOf('edge').getByText('Collecting').waitFor()
  })

  test('it is renamed', async () => {
    await choose('edge', 'Rename or describe…')
    await page.getByLabel('Name', { exact: true }).fill('edge all')
    await page.getByRole('button', { name: 'Save' }).click()
    await rowOf('edge all').waitFor()
  })

  test('finding by name is in the address, and the back button of the browser works', async () => {
    await page.getByRole('searchbox', { name: 'Find by name' }).fill('rejected')
    await page.getByText('1 flow log', { exact: true }).waitFor()
    expect(page.url()).toContain('name=rejected')
    await page.reload()
    await page.getByText('1 flow log', { exact: true }).waitFor()
    await page.getByRole('searchbox', { name: 'Find by name' }).fill('')
    await page.getByText('2 flow logs', { exact: true }).waitFor()
    await page.getByRole('columnheader', { name: 'Name' }).click()
    await page.waitForURL(/order=name/)
    await page.goBack()
    await page.waitForURL(address => !address.search.includes('order'))
  })

  test('its records are one click away', async () => {
    await page.getByRole('link', { name: 'View the records of edge all' }).click()
    await page.waitForURL(/\/topics\/[0-9a-f-]{36}\/search\?region=/)
    await page.goto(`${page.url()}&refresh=5`)
    // The page asks again by itself; records are there when the window of the moment has closed.
    await page.getByText(/^[1-9]\d* records$/).waitFor({ timeout: 60_000 })
    await page.goto(`${server.url}/flow-logs`)
  })

  test('the address says which region is shown, and another one has flow logs of its own', async () => {
    await page.goto(`${server.url}/flow-logs?region=eu-frankfurt`)
    await page.getByRole('heading', { name: 'No flow log in this region yet' }).waitFor()
    await page.getByRole('link', { name: 'Gateways' }).first().click()
    await page.waitForURL(/\/gateways\?region=eu-frankfurt/)
    await page.getByRole('button', { name: /Region$/ }).click()
    await page.getByRole('option', { name: 'local' }).click()
    await page.waitForURL(/\/gateways\?region=local/)
    await page.goto(`${server.url}/flow-logs`)
  })

  test('a deletion is asked for by name, starts at the harmless answer, and is done', async () => {
    await choose('rejected only', 'Delete…')
    await page.getByRole('alertdialog', { name: 'Delete rejected only?' }).waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel')
    await page.getByRole('button', { name: 'Delete' }).click()
    await rowOf('rejected only').waitFor({ state: 'detached' })
  })
})

test('a flow log is created by keyboard alone', async () => {
  await page.goto(`${server.url}/flow-logs`)
  await page.getByRole('button', { name: 'New flow log' }).focus()
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  await press('Enter')
  await page.getByRole('dialog', { name: 'New flow log' }).waitFor()
  await page.keyboard.type('by keyboard')
  await press('Tab', 'Tab', 'Enter')
  await page.getByRole('option').first().waitFor()
  await press('Enter')
  // The option that had the focus bears the name, too.
  await page.getByRole('option').first().waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate('document.activeElement.textContent')).toContain('recorded-gateway')
  await press('Tab', 'ArrowRight', 'ArrowRight')
  await expect.poll(() => page.evaluate('document.activeElement.value')).toBe('REJECT')
  await press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await rowOf('by keyboard').getByText('Rejected').waitFor()
  await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('New flow log')
})

test('a keyboard skips the header, and every page is announced', async () => {
  await page.goto(`${server.url}/flow-logs`)
  await page.getByRole('heading', { name: 'Flow logs' }).waitFor()
  await page.keyboard.press('Tab')
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('content')
  await page.getByRole('link', { name: 'Gateways' }).first().click()
  await page.locator('[aria-live=polite]').getByText('Gateways', { exact: true }).waitFor()
  expect(await page.title()).toBe('Gateways · natlens')
})

test('a page that is older than the server is loaded anew', async () => {
  const other = await openPage(browser)
  await shareSession(page, other)
  await other.goto(`${server.url}/flow-logs`)
  await other.getByRole('heading', { name: 'Flow logs' }).waitFor()
  // What a page asks for after an upgrade: files whose names are those of the version before.
  await other.route('**/assets/account-page*.css', route => route.fulfill({ status: 404 }), { times: 1 })
  await other.getByRole('button', { name: 'Account of admin' }).click()
  await other.getByRole('menuitem', { name: 'Keys and password' }).click()
  await other.getByRole('heading', { name: 'Keys and password' }).waitFor()
  await other.context().close()
})

test('a page that did not reach the server says so, and trying again opens it', async () => {
  const other = await openPage(browser)
  await shareSession(page, other)
  await other.route('**/api/**', route => route.abort())
  await other.goto(`${server.url}/gateways`)
  await other.getByText('The server cannot be reached.').waitFor()
  await other.unroute('**/api/**')
  await other.getByRole('button', { name: 'Try again' }).click()
  await other.getByRole('heading', { name: 'Gateways' }).waitFor()
  await other.context().close()
})

test('a form whose choices did not arrive says why, in words', async () => {
  const other = await openPage(browser)
  await shareSession(page, other)
  await other.route(/Describe(?:NatGateways|Logsets)/, route => route.abort())
  await other.goto(`${server.url}/flow-logs?open=new`)
  const dialog = other.getByRole('dialog', { name: 'New flow log' })
  // Of the gateways, and of the logsets.
  await dialog.getByText('The server cannot be reached.').nth(1).waitFor()
  await other.context().close()
})

test('gateways show how their agents are', async () => {
  await page.goto(`${server.url}/gateways`)
  const row = page.getByRole('row').nth(1)
  await row.getByText('Available').waitFor()
  await row.getByText('203.0.113.1', { exact: true }).waitFor()
  await row.getByRole('link', { name: 'New flow log' }).click()
  await page.getByRole('dialog', { name: 'New flow log' }).waitFor()
  expect(page.url()).toMatch(/gateway=nat-/)
})

test('an access key and an enrolment token are made and shown once', async () => {
  await page.goto(`${server.url}/account`)
  await page.getByRole('button', { name: 'New access key' }).click()
  await page.getByLabel('What is it for?').fill('terraform')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('Keep the secret key now').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  const key = page.getByRole('row').filter({ hasText: 'terraform' })
  await key.getByRole('button').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await key.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Make a token' }).click()
  await page.getByText(/natlens agent --server .* --enrolment-token /).waitFor()
})

describe('every page is free of barriers', () => {
  const pages = ['/sign-in', '/flow-logs', '/flow-logs?open=new', '/gateways', '/account', '/nowhere']
  test.each([
    { language: 'en', theme: 'light', width: 1280 },
    { language: 'en', theme: 'dark', width: 1280 },
    { language: 'zh-CN', theme: 'light', width: 1280 },
    { language: 'zh-CN', theme: 'dark', width: 390 },
  ] as const)('in $language, $theme, $width px wide', async view => {
    const other = await openPage(browser, view)
    try {
      for (const path of pages) {
        // A page of its own for whoever is signed out.
        if (path !== '/sign-in') await shareSession(page, other)
        await other.goto(server.url + path)
        await other.getByRole('heading', { level: 1 }).or(other.getByRole('dialog')).first().waitFor()
        await other.waitForLoadState('networkidle')
        expect(await barriers(other), path).toEqual([])
        const overflow = await other.evaluate('document.documentElement.scrollWidth - innerWidth')
        expect(overflow, `${path} is wider than the screen`).toBeLessThanOrEqual(0)
      }
    } finally {
      await other.context().close()
    }
  })
})

describe('whoever is not signed in', () => {
  test('is led to the sign-in and from there to where they wanted', async () => {
    const other = await openPage(browser)
    await other.goto(`${server.url}/gateways?region=ap-guangzhou`)
    await other.getByRole('heading', { name: 'Sign in' }).waitFor()
    await other.getByLabel('Name').fill('admin')
    await other.getByLabel('Password').fill('wrong')
    await other.keyboard.press('Enter')
    await other.getByRole('alert').waitFor()
    await other.getByLabel('Password').fill(PASSWORD)
    await other.keyboard.press('Enter')
    await other.waitForURL(`${server.url}/gateways?region=ap-guangzhou`)
    await other.getByRole('button', { name: 'Account of admin' }).click()
    await other.getByRole('menuitem', { name: 'Sign out' }).click()
    await other.getByRole('heading', { name: 'Sign in' }).waitFor()
    await other.context().close()
  })

  test('finds the one-time link spent', async () => {
    const other = await openPage(browser)
    await other.goto(server.signInLink)
    await other.getByText(/This one-time link was refused/).waitFor()
    expect(other.url()).not.toContain('#')
    await other.context().close()
  })
})

test('a reader sees everything and is offered no change', async () => {
  const link = await server.natlens('user', 'create', 'reader')
  const other = await openPage(browser)
  await signInFirst(other, { ...server, signInLink: link.trim() })
  await other.getByText('Your role reads and changes nothing; an administrator can.').waitFor()
  expect(await other.getByRole('button', { name: 'New flow log' }).count()).toBe(0)
  expect(await barriers(other)).toEqual([])
  await other.goto(`${server.url}/gateways`)
  await other.getByRole('heading', { name: 'Gateways' }).waitFor()
  expect(await other.getByRole('link', { name: 'New flow log' }).count()).toBe(0)
  await other.goto(`${server.url}/account`)
  await other.getByText('Signed in as reader (reader)').waitFor()
  await other.getByText('There is no access key.').waitFor()
  expect(await other.getByRole('button', { name: 'Make a token' }).count()).toBe(0)
  await other.context().close()
})
