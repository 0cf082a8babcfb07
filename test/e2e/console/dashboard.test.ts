import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { assertAccessible } from '../../support/browser.ts'
import { describeConsole } from '../../support/console.ts'

describeConsole('the dashboard', (world) => {
  before(async () => {
    for (const [name, format] of [
      ['golden one', 'raw'],
      ['golden two', 'raw'],
      ['golden three', 'qcow2'],
    ]) {
      const facts = { name, diskFormat: format, containerFormat: 'bare', properties: { os_distro: 'debian' } }
      const { uuid } = (await world().api('POST', '/images', facts)) as { uuid: string }
      if (format === 'raw') await world().api('PUT', `/images/${uuid}/file`, new Uint8Array(5000))
    }
  })

  test('counts the images, tells what happened, and leads to both', async () => {
    const { page, open } = await world().visitor()
    await open('/')
    await page.getByText('Saved by deduplication').waitFor()
    assert.equal(await page.getByRole('list', { name: 'Images by format' }).getByRole('link').count(), 2)
    await page.getByText('admin uploaded golden two').waitFor()
    await page.getByRole('list', { name: 'Images by status' }).getByRole('link', { name: 'active' }).click()
    await page.waitForURL(/\/images\?status=active/)
    await page.goBack()
    await page.getByRole('link', { name: 'golden three' }).first().click()
    await page.waitForURL(/\/images\/[0-9a-f-]{36}/)
  })

  for (const view of [{}, { theme: 'dark', language: 'fr' }, { width: 375, language: 'zh' }] as const)
    test(`is for everybody: ${JSON.stringify(view)}`, async () => {
      const { page, open } = await world().visitor(view)
      await open('/')
      await assertAccessible(page, 'the dashboard')
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      assert.ok(Number(overflow) <= 0, `${overflow} pixels too wide`)
    })
})
