import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { afterEach, before, test } from 'node:test'
import {
  assertAccessible,
  eventually,
  forget,
  settled,
  type View,
  type Visitor,
} from '../../support/browser.ts'
import { type ConsoleWorld, describeConsole } from '../../support/console.ts'
import { choose, field, press, row } from './dialog.ts'

const petra = { username: 'petra', password: 'first secret' } as const

/** Runs what was copied, in a shell, and answers what it asks for. */
function shell(command: string, answer: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('bash', ['-c', command], (error, stdout, stderr) =>
      error ? reject(new Error(`${command}\n${stderr}`, { cause: error })) : resolve(stdout),
    )
    child.stdin!.end(`${answer}\n`)
  })
}

describeConsole('oneself and the installation in the console', (world) => {
  const here: Visitor[] = []
  /** Stays until the end of the test: who is signed out later has nothing to complain of. */
  const come: ConsoleWorld['visitor'] = async (...how) => {
    const visitor = await world().visitor(...how)
    here.push(visitor)
    return visitor
  }
  afterEach(async () => {
    for (const visitor of here.splice(0)) await visitor.close()
  })

  before(async () => {
    await world().api('POST', '/users', {
      ...petra,
      defaultProject: 'acme',
      grant: [{ project: 'acme', role: 'member' }],
    })
  })

  test('a token is shown once, and works from a shell in each system', async () => {
    const { page, open } = await come({}, petra)
    await open('/me')
    await page.getByRole('button', { name: 'New token' }).click()
    await field(page, 'Label').fill('the press machine')
    await field(page, 'Works for').selectOption('7')
    await field(page, 'Usable from').fill('127.0.0.1 ::1')
    await press(page, 'Create')
    await page.getByRole('heading', { name: 'The token “the press machine” was made' }).waitFor()
    const token = await page.getByRole('dialog').locator('code').innerText()
    assert.match(token, /^[0-9a-f]{40}$/)
    await page.getByRole('button', { name: 'Copy Token' }).click()
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), token)
    await assertAccessible(page, 'a token that was just made')
    await press(page, 'I have copied it')
    await row(page, 'the press machine').getByText('127.0.0.1, ::1').waitFor()
    assert.ok(!(await page.content()).includes(token))
    await page.reload()
    await settled(page)
    assert.ok(!(await page.content()).includes(token))

    const own = `curl -fsS -H "Authorization: Bearer ${token}" ${world().server.url}/ui/api/v1/whoami`
    assert.equal(JSON.parse(await shell(own, '')).username, 'petra')
    const copied = async (system: string) => {
      await page.getByRole('tab', { name: system }).click()
      await page.getByRole('tabpanel').getByRole('button', { name: 'Copy command' }).click()
      return String(await page.evaluate('navigator.clipboard.readText()'))
    }
    assert.equal(JSON.parse(await shell(await copied('OneCloudPlanet'), token)).totalCount, 0)
    assert.equal(typeof JSON.parse(await shell(await copied('Foreman'), token)).total, 'number')
    const danube = JSON.parse(await shell(await copied('Danube Cloud'), petra.password))
    assert.equal(danube.result.username, 'petra')

    await choose(page, 'Actions for the press machine', 'Revoke')
    await press(page, 'Revoke')
    await page.getByText('There are no tokens.').waitFor()
    await assert.rejects(shell(own, ''), /401/)
  })

  test('one’s own password is changed by telling the old one', async () => {
    const { page, open, problems } = await come({}, petra)
    const elsewhere = await come({}, petra)
    await open('/me')
    await page.getByRole('button', { name: 'Change the password' }).click()
    await field(page, 'Old password').fill('guess')
    await field(page, 'New password').fill('second secret')
    await field(page, 'New password once more').fill('second secrets')
    await press(page, 'Change the password')
    await page.getByRole('dialog').getByText('The two are not the same.').waitFor()
    await field(page, 'New password once more').fill('second secret')
    await press(page, 'Change the password')
    await page.getByRole('dialog').getByText('The old password is wrong.').waitFor()
    await field(page, 'Old password').fill(petra.password)
    await press(page, 'Change the password')
    await page.getByText('Your password was changed').waitFor()
    await page.getByRole('heading', { name: 'Profile and tokens' }).waitFor()
    await page.reload()
    await settled(page)
    await elsewhere.page.locator('#username').waitFor()
    await come({}, { ...petra, password: 'second secret' })
    for (const all of [problems, elsewhere.problems]) forget(all, /40[13]/)
  })

  test('settings and health are shown, and the bytes verified', async () => {
    const { page, open } = await come()
    await open('/settings')
    await page.getByText('The database works').waitFor()
    await page.getByText('The store default works').waitFor()
    await page.getByText('answers you').waitFor()
    await page.getByText(/GB are free|TB are free|MB are free/).waitFor()
    assert.equal(await page.getByText('admin-password').count(), 0)
    await row(page, 'IMAGEPORT_ADMIN_PASSWORD').getByText('set (not shown)').waitFor()
    await page.getByRole('textbox', { name: 'Search by name or value' }).fill('import_allow')
    await eventually('one is left', async () => (await row(page, 'IMAGEPORT_').count()) === 1)
    await row(page, 'IMAGEPORT_IMPORT_ALLOW').getByText('127.0.0.0/8').waitFor()
    await row(page, 'IMAGEPORT_IMPORT_ALLOW').getByText('environment').waitFor()
    const document = await page.getByRole('link', { name: /OpenAPI/ }).getAttribute('href')
    assert.equal((await fetch(new URL(document!, page.url()))).status, 200)
    await page.getByRole('button', { name: 'Verify all bytes' }).click()
    await press(page, 'Begin')
    await page.waitForURL(/\/ui\/tasks\/[0-9a-f-]{36}/)
    await settled(page)
  })

  for (const view of [
    {},
    { theme: 'dark' },
    { width: 375, height: 800 },
    { language: 'fr' },
    { language: 'zh', theme: 'dark', width: 375 },
  ] satisfies View[])
    test(`they are for everybody: ${JSON.stringify(view)}`, async () => {
      const { page, open } = await come(view)
      for (const path of ['/me', '/settings']) {
        await open(path)
        await assertAccessible(page, path)
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        assert.ok(Number(overflow) <= 0, `${path} is ${overflow} pixels too wide`)
      }
    })
})
