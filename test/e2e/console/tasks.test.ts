import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { assertAccessible, settled } from '../../support/browser.ts'
import { describeConsole } from '../../support/console.ts'
import { type FileServer, fileServer } from '../../support/file-server.ts'
import { slowFile } from '../../support/slow-file.ts'

const size = 8_000_000

describeConsole('tasks', (world) => {
  let files: FileServer
  before(async () => {
    files = await fileServer()
  })
  after(() => files.close())

  /** Begins an import of a file that arrives as the test wants it. */
  async function begin(name: string) {
    const file = slowFile(files, `/${encodeURIComponent(name)}.img`, size)
    const facts = { name, url: file.url, diskFormat: 'raw', containerFormat: 'bare' }
    const { task } = (await world().api('POST', '/imports', facts)) as { task: { id: string } }
    return { id: task.id, send: file.send }
  }

  const rowOf = (page: Page, name: string): Locator => page.getByRole('row').filter({ hasText: name })

  test('an import is watched to its end, in the list and on its page, without a reload', async () => {
    const { page, open } = await world().visitor()
    await open('/tasks')
    await page.getByRole('heading', { name: 'There are no tasks' }).waitFor()
    const { id, send } = await begin('watched')
    const row = rowOf(page, 'watched')
    await row.getByText('running').waitFor()
    await send(0.25)
    await row.getByRole('progressbar', { name: 'Progress: Import from a URL watched' }).waitFor()
    await row.getByText('25%').waitFor()

    await row.getByRole('link', { name: 'Import from a URL' }).click()
    await page.waitForURL(`**/tasks/${id}`)
    await page.getByText('2 MB of 8 MB').waitFor()
    const log = page.getByRole('list', { name: 'What happened' })
    await log.getByText('Under way').waitFor()
    await send(0.5)
    await page.getByText('4 MB of 8 MB').waitFor()
    await page.getByText(/per second/).waitFor()
    await page.getByText(/left$/).waitFor()
    await send(1)
    await log.getByText('Done').waitFor()
    await log.getByText(/Successfully imported image watched \(transferred 8000000 bytes/).waitFor()
    assert.equal(await page.getByRole('button', { name: /^Cancel/ }).count(), 0)
    await page.getByRole('link', { name: 'watched' }).click()
    await page.getByRole('heading', { level: 1, name: 'watched' }).waitFor()
  })

  test('another is cancelled, after a question', async () => {
    const { page, open } = await world().visitor()
    await open('/tasks')
    const { id, send } = await begin('unwanted')
    await send(0.25)
    const row = rowOf(page, 'unwanted')
    await row.getByText('25%').waitFor()
    await row.getByRole('button', { name: 'Cancel Import from a URL: unwanted' }).click()
    const question = page.getByRole('dialog', { name: 'Cancel this task?' })
    await question.getByRole('button', { name: 'Cancel', exact: true }).click()
    assert.equal(await row.getByText('running').count(), 1)
    await row.getByRole('button', { name: /^Cancel/ }).click()
    await assertAccessible(page, 'the question')
    await question.getByRole('button', { name: 'Cancel the task' }).click()
    await row.getByText('cancelled').waitFor()
    await page.goto(`${world().server.url}/ui/tasks/${id}`)
    const log = page.getByRole('list', { name: 'What happened' })
    await log.getByText('admin, through the console,').nth(1).waitFor()
    const steps = ['Asked for', 'The work began', 'To be cancelled', 'Cancelled']
    for (const [index, step] of steps.entries())
      await log.getByRole('listitem').nth(index).getByText(step, { exact: true }).waitFor()
  })

  test('what failed says why; filters are in the address, and lead to what they say', async () => {
    const path = '/cut.img'
    files.files.set(path, (_request, response) => {
      response.writeHead(200, { 'content-length': size }).write('the beginning')
      setTimeout(() => response.destroy(), 50)
    })
    const facts = { name: 'cut off', url: `${files.url}${path}`, diskFormat: 'raw', containerFormat: 'bare' }
    await world().api('POST', '/imports', facts)
    const { page, open } = await world().visitor()
    await open('/tasks')
    const row = rowOf(page, 'cut off')
    await row.getByText('failed').waitFor()

    await page.getByRole('button', { name: 'State', exact: true }).click()
    await page.getByRole('option', { name: 'failed' }).click()
    await page.waitForURL('**/tasks?state=failed')
    await page.getByRole('button', { name: 'Task', exact: true }).click()
    await page.getByRole('option', { name: 'Verification of all contents' }).click()
    await page.getByRole('heading', { name: 'No task matches' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'No task matches' }).waitFor()
    await page.goBack()
    await row.waitFor()
    await settled(page)
    assert.equal(await page.getByRole('grid', { name: 'Tasks' }).locator('tbody tr').count(), 1)
    await page.getByRole('switch', { name: 'Only mine' }).focus()
    await page.keyboard.press('Space')
    await page.waitForURL('**/tasks?state=failed&mine=true')
    await row.getByRole('link', { name: 'Import from a URL' }).click()
    await page.getByText('The task failed').waitFor()
    await page.getByText('The server broke off before all data had arrived.').first().waitFor()
  })

  test('verifying tells how many contents are sound', async () => {
    const { id } = (await world().api('POST', '/verify')) as { id: string }
    const { page, open } = await world().visitor()
    await open(`/tasks/${id}`)
    await page.getByText(/^(Success: ?)?1 content was checked, no problem found/).waitFor()
  })

  test('a task that is none is missing, and not an error', async () => {
    const visitor = await world().visitor()
    await visitor.open('/tasks/00000000-0000-4000-8000-000000000000')
    await visitor.page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
    assert.ok(
      visitor.problems.every((problem) => /404/.test(problem)),
      visitor.problems.join('\n'),
    )
    visitor.problems.length = 0
  })

  for (const view of [{}, { theme: 'dark', language: 'fr' }, { width: 375, language: 'zh' }] as const)
    test(`they are for everybody: ${JSON.stringify(view)}`, async () => {
      const { page, open } = await world().visitor(view)
      const { tasks } = (await world().api('GET', '/tasks')) as {
        tasks: readonly { id: string; state: string }[]
      }
      const last = (state: string) => tasks.find((task) => task.state === state)!.id
      for (const path of ['/tasks', `/tasks/${last('failed')}`, `/tasks/${last('cancelled')}`]) {
        await open(path)
        await assertAccessible(page, path)
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        assert.ok(Number(overflow) <= 0, `${path} is ${overflow} pixels too wide`)
      }
    })
})
