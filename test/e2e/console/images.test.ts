import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, eventually, forget, settled } from '../../support/browser.ts'
import { describeConsole } from '../../support/console.ts'

describeConsole('the list of images', (world) => {
  before(async () => {
    for (let n = 1; n <= 25; n++) {
      const properties = { os_distro: n % 2 ? 'debian' : 'centos' }
      const visibility = n % 5 === 0 ? 'public' : 'private'
      const name = `golden ${String(n).padStart(2, '0')}`
      const facts = {
        name,
        diskFormat: 'raw',
        containerFormat: 'bare',
        tags: ['web'],
        visibility,
        properties,
      }
      const { uuid } = (await world().api('POST', '/images', facts)) as { uuid: string }
      if (n <= 10) await world().api('PUT', `/images/${uuid}/file`, new Uint8Array(n * 1000).fill(n))
    }
    await world().api('POST', '/images', { name: '<img src=x onerror="document.title=1">' })
  })

  const names = (page: Page) => page.locator('tbody td[data-label="Name"] a').allInnerTexts()

  const rows = (page: Page, count: number) =>
    eventually(`there are ${count} rows`, async () => (await page.locator('tbody tr').count()) === count)

  test('is searched, filtered, sorted and paged by its address', async () => {
    const { page, open } = await world().visitor()
    await open('/images')
    assert.equal((await names(page)).length, 20)
    await page.getByRole('button', { name: 'Next page' }).first().click()
    await page.waitForURL(/page=2/)
    await rows(page, 6)
    await page.getByRole('textbox', { name: /Search by name/ }).fill('golden 1')
    await page.waitForURL(
      (url) => url.searchParams.get('search') === 'golden 1' && !url.searchParams.has('page'),
    )
    await rows(page, 10)
    await page.getByRole('button', { name: 'Name', exact: true }).click()
    await page.waitForURL(/sort=name/)
    await eventually('the list begins with golden 10', async () => (await names(page))[0] === 'golden 10')
    await page.getByRole('button', { name: 'Visibility' }).first().click()
    await page.getByRole('option', { name: 'public' }).click()
    await rows(page, 2)
    assert.deepEqual(await names(page), ['golden 10', 'golden 15'])
    await page.reload()
    await settled(page)
    assert.deepEqual(await names(page), ['golden 10', 'golden 15'])
    await open('/images?search=nothing%20at%20all')
    await page.getByRole('heading', { name: 'No image matches' }).waitFor()
  })

  test('what another page leads here with is shown, and can be taken away', async () => {
    const { page, open } = await world().visitor()
    await open('/images?os=centos&project=main')
    assert.ok((await names(page)).every((name) => Number(name.slice(-2)) % 2 === 0))
    const filter = (name: string) => page.getByRole('list', { name, exact: true })
    await filter('Project').getByText('main').waitFor()
    await filter('Operating system').getByText('centos').waitFor()
    await page.getByRole('button', { name: 'Clear all filters' }).first().click()
    await page.waitForURL(/\/ui\/images$/)
    await rows(page, 20)
  })

  test('a name is text, whatever it says', async () => {
    const { page, open } = await world().visitor()
    await open('/images?search=onerror')
    assert.deepEqual(await names(page), ['<img src=x onerror="document.title=1">'])
    assert.equal(await page.title(), 'Images · Imageport')
  })

  test('columns are chosen and remembered', async () => {
    const { page, open } = await world().visitor()
    await open('/images')
    await page.getByRole('button', { name: 'Choose columns' }).click()
    await page.getByRole('checkbox', { name: 'Tags' }).check()
    await page.getByRole('checkbox', { name: 'Format' }).uncheck()
    await assertAccessible(page, 'the choice of columns')
    await page.getByRole('button', { name: 'Save' }).click()
    await open('/images')
    const headings = await page.locator('thead th').allInnerTexts()
    assert.ok(headings.includes('Tags') && !headings.includes('Format'), headings.join())
  })

  test('several are changed at once, and what is refused is told', async () => {
    const visitor = await world().visitor()
    const { page, open, problems } = visitor
    await open('/images?search=golden%200&sort=name')
    await page.getByRole('checkbox', { name: 'Select all images of this page' }).check()
    await page.getByRole('button', { name: '9 selected' }).click()
    await page.getByRole('menuitem', { name: 'Protect', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Protect' }).click()
    await page.getByText('9 images changed').waitFor()
    await eventually(
      'all are protected',
      async () => (await page.locator('tbody .pf-m-outline').count()) === 9,
    )
    await page.getByRole('checkbox', { name: 'Select all images of this page' }).check()
    await page.getByRole('button', { name: '9 selected' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('9 images were refused; none changed').waitFor()
    await assertAccessible(page, 'what was refused')
    forget(problems, /403/)
  })

  test('is used without a mouse', async () => {
    const { page, open } = await world().visitor()
    await open('/images?search=golden%2012')
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.innerText'), 'Skip to content')
    await page.keyboard.press('Enter')
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press('Tab')
      if ((await page.evaluate('document.activeElement.innerText')) === 'golden 12') break
    }
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/ui\/images\/[0-9a-f-]{36}/)
  })

  for (const view of [
    {},
    { theme: 'dark' },
    { width: 375, height: 800 },
    { language: 'fr' },
    { language: 'zh', theme: 'dark', width: 375 },
  ] as const)
    test(`is for everybody: ${JSON.stringify(view)}`, async () => {
      const { page, open } = await world().visitor(view)
      await open('/images')
      await assertAccessible(page, 'the list of images')
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      assert.ok(Number(overflow) <= 0, `${overflow} pixels too wide`)
    })
})
