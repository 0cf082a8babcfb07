import type { Page } from 'playwright-core'
import { skipBrowser, startBrowser, visit } from '../test/support/browser.ts'
import { fill } from './fill.ts'
import { install, startImageport } from './installation.ts'
import { grouped, type Run } from './requests.ts'
import { median, type Result, skipped, type Target } from './result.ts'

/** What somebody does with the list, by what is measured. */
const deeds = ['show', 'page on', 'sort', 'filter', 'search'] as const
type Deed = (typeof deeds)[number]

const quick: Target = { value: 500, bound: 'at most', of: 'measured' }
const smooth: Target = { value: 200, bound: 'at most', of: 'measured' }
const unit = 'ms'

/** Before the page's own scripts: what keeps its thread busy for longer than 50 ms. */
const watchLongTasks = `
  window.longTasks = []
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration)
  }).observe({ type: 'longtask', buffered: true })`

/** The console's list of images in Chromium, from the deed until its rows are there; and whether the page stays smooth. */
export async function consoleRows({ scale, directory, say, profile }: Run): Promise<Result[]> {
  const count = grouped(scale.manyImages)
  const names = deeds.map((deed) => `console: ${deed}, ${count} images`)
  const blocked = `console: longest task of the page, ${count} images`
  if (skipBrowser)
    return [
      ...names.map((name) => skipped(name, unit, quick, skipBrowser as string)),
      skipped(blocked, unit, smooth, skipBrowser),
    ]
  say(`filling a catalogue with ${count} images for the console`)
  const installation = install(directory, 'console')
  await fill(installation, scale.manyImages, 1)
  const server = await startImageport(installation, profile('console'))
  const browser = await startBrowser()
  try {
    const { context, page, signIn, problems } = await visit(browser, server.url)
    await context.addInitScript(watchLongTasks)
    await signIn('admin', installation.environment.IMAGEPORT_ADMIN_PASSWORD!)
    say('measuring the list of images in Chromium')
    const tasks: number[] = []
    const times: Record<Deed, number[]> = { show: [], 'page on': [], sort: [], filter: [], search: [] }
    for (let round = 0; round < scale.rounds; round++) {
      for (const [deed, ms] of await oneRound(page, server.url, round)) times[deed].push(ms)
      tasks.push(...((await page.evaluate('window.longTasks')) as number[]))
    }
    if (problems.length > 0) throw new Error(`the console told of problems:\n${problems.join('\n')}`)
    const result = (
      name: string,
      target: Target,
      all: readonly number[],
      measured: number,
      note: string,
    ) => ({
      ...{ name, unit, target, measured, notes: [note], details: all },
      ...{ baseline: null, baselineName: '', ratio: null, processor: null },
    })
    return [
      ...deeds.map((deed, n) =>
        result(
          names[n]!,
          quick,
          times[deed],
          median(times[deed]),
          `slowest of ${times[deed].length}: ${Math.round(Math.max(...times[deed]))} ms`,
        ),
      ),
      result(
        blocked,
        smooth,
        tasks,
        Math.max(0, ...tasks),
        `${tasks.length} tasks of more than 50 ms in all rounds`,
      ),
    ]
  } finally {
    await browser.close()
    await server.stop()
  }
}

/** Everything once, scrolling and typing in between; each time other pages and texts, so that no answer is known already. */
async function oneRound(page: Page, url: string, round: number): Promise<(readonly [Deed, number])[]> {
  const measured: (readonly [Deed, number])[] = []
  const does = async (deed: Deed, act: () => Promise<unknown>) =>
    measured.push([deed, await shown(page, act)])
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).first()
  const choose = async (menu: string, item: string) => {
    await button(menu).click()
    await does('filter', () => page.getByRole('option', { name: item, exact: true }).click())
  }

  await does('show', () => page.goto(`${url}/ui/images?perPage=100`))
  for (let wheel = 0; wheel < 10; wheel++) await page.mouse.wheel(0, 600)
  await does('page on', () => button('Next page').click())
  await does('page on', () => page.getByRole('button', { name: 'Last page' }).last().click())
  await does('page on', () => page.getByRole('button', { name: 'Previous page' }).last().click())
  for (const column of ['Name', 'Size', 'Status', 'Created'])
    await does('sort', () => page.locator('thead').getByRole('button', { name: column }).click())
  await choose('Visibility', 'shared')
  await choose('Format', 'raw')
  await button('Clear all filters').click()
  await page.locator('.ip-images:not(.ip-stale) tbody tr').nth(99).waitFor()
  const search = page.getByRole('textbox', { name: /Search by name/ })
  for (const text of [`ubuntu-22.04-server-${round}`, 'windows', `no such image ${round}`]) {
    await search.fill('')
    await does('search', () => search.pressSequentially(text))
  }
  return measured
}

/** Milliseconds until what was asked for last is there. */
async function shown(page: Page, act: () => Promise<unknown>): Promise<number> {
  let asked = 0
  let answered = 0
  const isList = (address: string) => address.includes('/ui/api/v1/images?')
  const onAsked = (request: { url(): string }) => void (isList(request.url()) && asked++)
  const onAnswered = (request: { url(): string }) => void (isList(request.url()) && answered++)
  page.on('request', onAsked)
  page.on('requestfinished', onAnswered)
  page.on('requestfailed', onAnswered)
  const begun = performance.now()
  await act()
  const acted = performance.now()
  while (asked === 0 || answered < asked) {
    if (performance.now() - acted > 30_000) throw new Error('the console did not ask for the list')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await page.locator('.ip-images:not(.ip-stale) tbody tr, .pf-v6-c-empty-state').first().waitFor()
  page.off('request', onAsked)
  page.off('requestfinished', onAnswered)
  page.off('requestfailed', onAnswered)
  return performance.now() - begun
}
