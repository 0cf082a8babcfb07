import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { debianPackage } from './debian.ts'

/** Debian's Chromium, without a look at the network that is not there. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Why there can be no browser here; false where there can. */
export const skipBrowser = (await debianPackage('chromium', 'fonts-noto-cjk'))
  ? false
  : 'Debian’s package chromium cannot be installed here'

/** A headless browser, where `skipBrowser` is false. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: flags })
}

export type View = {
  readonly theme?: 'light' | 'dark'
  readonly language?: 'en' | 'fr' | 'zh'
  readonly width?: number
  readonly height?: number
}

/** A visitor: a context of its own, whose page tells everything that went wrong in it. */
export type Visitor = {
  readonly context: BrowserContext
  readonly page: Page
  /** What the browser's console and failed requests told; a test that expects some takes them out. */
  readonly problems: string[]
  signIn(username: string, password: string): Promise<void>
  /** Goes to a page of the console, `/images` for example, and waits until it stands still. */
  open(path: string): Promise<void>
  close(): Promise<void>
}

/** @param url origin of a running Imageport */
export async function visit(browser: Browser, url: string, view: View = {}): Promise<Visitor> {
  const { theme = 'light', language = 'en', width = 1280, height = 900 } = view
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: { en: 'en-GB', fr: 'fr-FR', zh: 'zh-CN' }[language],
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`page error: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      problems.push(`console ${message.type()}: ${message.text()} ${message.location().url}`)
  })
  const visitor: Visitor = {
    context,
    page,
    problems,
    async signIn(username, password) {
      await page.goto(`${url}/ui/`)
      await page.locator('#username').fill(username)
      await page.locator('#password').fill(password)
      await page.locator('button[type=submit]').click()
      await page.locator('#main').waitFor()
    },
    async open(path) {
      await page.goto(`${url}/ui${path}`)
      await settled(page)
    },
    close: () => context.close(),
  }
  return visitor
}

/** Waits until nothing is being loaded any more: no spinner, no skeleton, and the heading of the page. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  const waiting = page.locator('[aria-busy=true], .pf-v6-c-spinner, .pf-v6-c-skeleton')
  await eventually('the page stands still', async () => (await waiting.count()) === 0)
}

/** Waits for what is true sooner or later. The page's policy lets no test wait inside of it. */
export async function eventually(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isTrue()); tries++) {
    assert.ok(tries < 400, `it never came true that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** Takes what was expected out of the problems. */
export function forget(problems: string[], expected: RegExp): void {
  for (let n = problems.length - 1; n >= 0; n--) if (expected.test(problems[n]!)) problems.splice(n, 1)
}

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
type Violation = { readonly id: string; readonly help: string; readonly nodes: readonly string[] }

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Fails with what axe finds against WCAG 2.2 A and AA on the page as it is now. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe)
  const found: readonly Violation[] = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(rules)} }).then(({ violations }) => violations.map(
      ({ id, help, nodes }) => ({ id, help, nodes: nodes.slice(0, 5).map(({ html, failureSummary }) => html + '\\n' + failureSummary) })))`,
  )
  assert.deepEqual(found, [], `${what} is not accessible: ${JSON.stringify(found, null, 2)}`)
}
