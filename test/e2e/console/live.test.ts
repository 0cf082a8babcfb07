import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { tokenOf } from '../../faces/glance/world.ts'
import { forget, skipBrowser, startBrowser, type Visitor, visit } from '../../support/browser.ts'
import { type Imageport, place, startImageport, tokens } from '../../support/imageport.ts'
import { freePort } from '../../support/ports.ts'

const eva = ['eva', 'secret'] as const

describe('live: what others do', { skip: skipBrowser }, () => {
  let browser: Browser
  let server: Imageport
  let start: () => Promise<Imageport>
  const closers: (() => Promise<unknown>)[] = []
  const visitors: Visitor[] = []

  before(async () => {
    browser = await startBrowser()
    closers.push(() => browser.close())
    const { dataDir, remove } = await place()
    closers.push(remove)
    // Whoever comes back must find it at the same place.
    const env = { IMAGEPORT_PORT: String(await freePort()) }
    start = () => startImageport(dataDir, env)
    server = await start()
    closers.push(() => server.stop())
  })
  after(async () => {
    for (const close of closers.reverse()) await close()
  })

  // A window that is still open would tell of a server that is not there.
  afterEach(async () => {
    for (const { close } of visitors) await close()
  })

  async function visitor(...who: readonly [string, string] | []): Promise<Visitor> {
    const one = await visit(browser, server.url)
    visitors.push(one)
    const [username, password] = who.length === 0 ? eva : who
    await one.signIn(username, password)
    return one
  }

  /** Is what the page shows kept up to date? The masthead says so, for screen readers, too. */
  const isLive = (page: Page) => page.getByRole('status').filter({ hasText: 'Live:' }).waitFor()

  /** A request of OpenStack's wire. */
  async function glance(token: string, method: string, path: string, body?: object): Promise<{ id: string }> {
    const response = await fetch(`${server.url}/v2/images${path}`, {
      method,
      headers: {
        'x-auth-token': token,
        'content-type': Array.isArray(body)
          ? 'application/openstack-images-v2.1-json-patch'
          : 'application/json',
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
    return text === '' ? { id: '' } : JSON.parse(text)
  }

  /** Proof that the page has not been loaded anew. */
  const mark = (page: Page) => page.evaluate('window.same = true')
  const isSame = async (page: Page) => assert.equal(await page.evaluate('window.same'), true)

  test('an image that OpenStack makes, renames and deletes is seen to come, change and go', async () => {
    const { page, open } = await visitor()
    await open('/images')
    await isLive(page)
    await mark(page)
    const token = await tokenOf(server.url, 'eva', 'acme')
    const foreign = await fetch(`${server.url}/ui/api/v1/images`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.root}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'none of eva’s business', project: 'main' }),
    })
    assert.equal(foreign.status, 201)
    const { id } = await glance(token, 'POST', '', { name: 'made by OpenStack' })
    await page.getByRole('link', { name: 'made by OpenStack' }).waitFor()
    await glance(token, 'PATCH', `/${id}`, [{ op: 'replace', path: '/name', value: 'renamed by OpenStack' }])
    await page.getByRole('link', { name: 'renamed by OpenStack' }).waitFor()
    assert.equal(await page.getByRole('link', { name: 'made by OpenStack' }).count(), 0)
    assert.equal(await page.getByText('none of eva’s business').count(), 0)
    await glance(token, 'DELETE', `/${id}`)
    await page.getByRole('heading', { name: 'There are no images yet' }).waitFor()
    await isSame(page)
  })

  test('so are places and people', async () => {
    const { page, open } = await visitor('root', 'secret')
    for (const [path, body, shown] of [
      ['/architectures', { name: 's390x' }, 's390x'],
      ['/projects', { name: 'late', label: 'Latecomers' }, 'late'],
    ] as const) {
      await open(path)
      await isLive(page)
      await mark(page)
      const answer = await fetch(`${server.url}/ui/api/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokens.root}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      assert.equal(answer.status, 201)
      await page.getByRole('link', { name: shown, exact: true }).waitFor()
      await isSame(page)
    }
  })

  test('after the server was restarted it goes on where it was', async () => {
    const { page, open, problems } = await visitor()
    await open('/images')
    await isLive(page)
    await mark(page)
    await server.stop()
    await page.getByRole('status').filter({ hasText: 'Not live:' }).waitFor()
    server = await start()
    // Before the window can have come back.
    await glance(await tokenOf(server.url, 'eva', 'acme'), 'POST', '', { name: 'after the restart' })
    await page.getByRole('link', { name: 'after the restart' }).waitFor()
    await isLive(page)
    await isSame(page)
    // What the browser tells of a server that is not there.
    forget(problems, /ERR_|Failed to load resource/)
  })

  test('a window that nobody looks at asks for nothing, and has everything when somebody does', async () => {
    const { page, open } = await visitor()
    await open('/images')
    await isLive(page)
    const look = (state: 'hidden' | 'visible') =>
      page.evaluate(`
        Object.defineProperty(document, 'hidden', { get: () => ${state === 'hidden'}, configurable: true })
        Object.defineProperty(document, 'visibilityState', { get: () => '${state}', configurable: true })
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`)
    await look('hidden')
    let asked = 0
    page.on('request', (request) => {
      if (request.url().includes('/ui/api/v1/images')) asked++
    })
    // The page is told of the second, and so was of the first.
    const heard = page.evaluate(`new Promise((resolve) => {
      const source = new EventSource('/ui/api/v1/events')
      source.onmessage = ({ data }) => { if (JSON.parse(data).action === 'delete') { source.close(); resolve() } }
      window.listening = new Promise((ready) => source.addEventListener('ready', ready))
    })`)
    await page.evaluate('window.listening.then(() => {})')
    const token = await tokenOf(server.url, 'eva', 'acme')
    const { id } = await glance(token, 'POST', '', { name: 'soon gone' })
    await glance(token, 'POST', '', { name: 'while nobody looked' })
    await glance(token, 'DELETE', `/${id}`)
    await heard
    // Long enough for what is told at the same moment.
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 300))')
    assert.equal(asked, 0)
    await look('visible')
    await page.getByRole('link', { name: 'while nobody looked' }).waitFor()
    assert.ok(asked > 0)
  })

  test('where there is no stream the page asks now and then', async () => {
    const one = await visit(browser, server.url)
    visitors.push(one)
    const { page } = one
    await page.clock.install()
    await page.route('**/ui/api/v1/events*', (route) => route.fulfill({ status: 429, body: '{}' }))
    await one.signIn(...eva)
    await one.open('/images')
    await page.clock.runFor(3_000)
    await page.getByRole('status').filter({ hasText: 'Not live:' }).waitFor()
    await glance(await tokenOf(server.url, 'eva', 'acme'), 'POST', '', { name: 'found by asking' })
    await page.clock.runFor(16_000)
    await page.getByRole('link', { name: 'found by asking' }).waitFor()
    forget(one.problems, /429/)
  })

  test('whose session is ended elsewhere is led to the sign-in page', async () => {
    const { page, open, problems } = await visitor()
    await open('/images')
    await isLive(page)
    const answer = await fetch(`${server.url}/ui/api/v1/users/eva`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${tokens.root}`, 'content-type': 'application/json' },
      body: JSON.stringify({ password: 'another secret' }),
    })
    assert.equal(answer.status, 200)
    await page.locator('#username').waitFor()
    forget(problems, /401/)
  })

  test('no page told of a problem', () => {
    assert.deepEqual(
      visitors.flatMap(({ problems }) => problems),
      [],
    )
  })
})
