import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible, forget } from '../../support/browser.ts'
import { admin, describeConsole } from '../../support/console.ts'

describeConsole('signing in to the console', (world) => {
  test('is asked for, refused and done, and lasts when the page is opened again', async () => {
    const visitor = await world().visitor({}, null)
    const { page } = visitor
    await page.goto(`${world().server.url}/`, { waitUntil: 'networkidle' })
    assert.equal(new URL(page.url()).pathname, '/ui/')
    await page.locator('#username').fill(admin.username)
    await page.locator('#password').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'User name or password is wrong.' }).waitFor()
    await page.locator('#password').fill(admin.password)
    await page.keyboard.press('Enter')
    await page.locator('#main').waitFor()
    await page.reload()
    await page.locator('#main').waitFor()
    await page.getByRole('button', { name: /admin/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.locator('#username').waitFor()
    await page.reload()
    await page.locator('#username').waitFor()
    forget(visitor.problems, /401/)
  })

  test('the cookie is none of any script’s, and a change needs its proof', async () => {
    const { context, page, problems } = await world().visitor()
    const [cookie] = await context.cookies()
    assert.deepEqual([cookie!.httpOnly, cookie!.sameSite, cookie!.path], [true, 'Strict', '/ui'])
    assert.equal(await page.evaluate('document.cookie'), '')
    const status = await page.evaluate(
      `fetch('/ui/api/v1/images', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then(({ status }) => status)`,
    )
    assert.equal(status, 403)
    forget(problems, /403/)
  })

  for (const theme of ['light', 'dark'] as const)
    for (const language of ['en', 'fr', 'zh'] as const)
      test(`it is for everybody: ${theme}, ${language}`, async () => {
        const { page } = await world().visitor({ theme, language }, null)
        await page.goto(`${world().server.url}/ui/`)
        await page.locator('#username').waitFor()
        await assertAccessible(page, 'the sign-in page')
      })
})
