import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { WireImage, WireImageList } from '../../../src/faces/console/wire.ts'
import { type Repository, startRepository } from '../../faces/danube/repository.ts'
import { assertAccessible, eventually, forget, settled } from '../../support/browser.ts'
import { admin, describeConsole } from '../../support/console.ts'
import { type Imageport, place, startImageport } from '../../support/imageport.ts'

const bytes = randomBytes(300_000)
const sha256 = createHash('sha256').update(bytes).digest('hex')
const hostile = '<img src=x onerror="document.title=1">'

describeConsole('importing in the console', (world) => {
  let other: Imageport
  let odd: Repository
  /** Where a file is served. */
  let files: string
  const closers: (() => unknown)[] = []

  before(async () => {
    const where = await place()
    closers.push(() => where.remove())
    other = await startImageport(where.dataDir)
    closers.push(() => other.stop())
    const authorization = `Basic ${Buffer.from(`${admin.username}:${admin.password}`).toString('base64')}`
    const ask = async (method: string, path: string, type: string, body: Uint8Array | string) => {
      const headers = { authorization, 'content-type': type }
      const response = await fetch(`${other.url}/ui/api/v1${path}`, { method, headers, body: body as never })
      assert.ok(response.ok, await response.clone().text())
      return (await response.json()) as WireImage
    }
    for (const [n, distro] of ['debian', 'freebsd', 'windows'].entries()) {
      const facts = {
        ...{ name: `golden ${distro}`, visibility: 'public', diskFormat: 'raw', containerFormat: 'bare' },
        properties: { os_distro: distro, description: `The ${distro} that everybody starts with` },
      }
      const { uuid } = await ask('POST', '/images', 'application/json', JSON.stringify(facts))
      await ask('PUT', `/images/${uuid}/file`, 'application/octet-stream', randomBytes(50_000 + n))
    }

    odd = await startRepository()
    closers.push(() => odd.close())
    odd.add({ facts: { name: hostile, description: hostile, homepage: 'javascript:alert(1)' } })

    const server = createServer((_request, response) => response.end(bytes))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    files = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(async () => {
    for (const close of closers.reverse()) await close()
  })

  const names = (page: Page) => page.locator('tbody td[data-label="Name"]').allInnerTexts()
  const shows = (page: Page, wanted: readonly string[]) =>
    eventually(`it shows ${wanted}`, async () => (await names(page)).join() === wanted.join())

  const image = async (name: string) => {
    const { images } = (await world().api(
      'GET',
      `/images?search=${encodeURIComponent(name)}`,
    )) as WireImageList
    assert.equal(images.length, 1)
    return images[0]!
  }

  test('another Imageport is added as a repository, searched, and one of its images picked', async () => {
    const { page, open } = await world().visitor()
    await open('/import')
    await page.getByRole('tab', { name: 'From a repository' }).click()
    await page.waitForURL(/from=repository/)
    await page.getByRole('button', { name: 'Add a repository' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('other')
    await dialog.getByLabel('Address').fill(other.url)
    await dialog.getByRole('button', { name: 'Add and read' }).click()
    await page.waitForURL(/repository=other/)
    await shows(page, ['golden windows', 'golden freebsd', 'golden debian'])

    await page.getByRole('button', { name: 'Name', exact: true }).click()
    await page.waitForURL(/sort=name/)
    await shows(page, ['golden debian', 'golden freebsd', 'golden windows'])
    await page.getByRole('textbox', { name: /Search by name/ }).fill('FREEBSD that everybody')
    await page.waitForURL(/search=FREEBSD/)
    await shows(page, ['golden freebsd'])
    await page.reload()
    await settled(page)
    await shows(page, ['golden freebsd'])

    await page.getByRole('button', { name: 'golden freebsd', exact: true }).click()
    await dialog.getByText('The freebsd that everybody starts with').waitFor()
    await dialog.getByRole('button', { name: 'Manifest' }).click()
    await dialog.getByText('"sha1"').waitFor()
    await assertAccessible(page, 'what a repository says of an image')
    await dialog.getByRole('button', { name: 'Import' }).click()
    await dialog.getByLabel('Name').fill('our freebsd')
    await dialog.getByLabel('Visibility').selectOption('shared')
    await dialog.getByLabel('Tags').fill('base, bsd')
    await assertAccessible(page, 'the form of an import')
    await dialog.getByRole('button', { name: 'Import' }).click()

    await page.getByText('our freebsd is ready').waitFor()
    const made = await image('our freebsd')
    assert.deepEqual(
      [made.status, made.visibility, made.size, made.tags, made.properties.description],
      ['active', 'shared', 50_001, ['base', 'bsd'], 'The freebsd that everybody starts with'],
    )
    const present = page.getByRole('link', { name: 'in the catalogue' })
    await present.waitFor()
    await present.click()
    await page.waitForURL(`**/ui/images/${made.uuid}`)
  })

  test('what an image is called that exists already is told at its field', async () => {
    const visitor = await world().visitor()
    const { page, open } = visitor
    await open('/import?from=repository&repository=other&search=windows')
    await page.getByRole('button', { name: 'Import golden windows' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Our FreeBSD')
    await dialog.getByRole('button', { name: 'Import' }).click()
    await dialog.getByText('An image of this name and version is there already.').waitFor()
    await dialog.getByLabel('Name').and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    forget(visitor.problems, /400/)
  })

  test('what a repository says is text, whatever it says', async () => {
    await world().api('POST', '/repositories', { name: 'odd', url: odd.url })
    const { page, open } = await world().visitor()
    await open('/import?from=repository&repository=odd')
    await page.getByText('This repository has not been read yet').waitFor()
    await assertAccessible(page, 'a repository that was never read')
    await page.getByRole('button', { name: 'Read now' }).last().click()
    await page.getByRole('button', { name: hostile, exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Manifest' }).click()
    await page.getByRole('dialog').getByText('javascript:alert(1)').waitFor()
    assert.equal(await page.locator('a[href^="javascript"], main img, dialog img').count(), 0)
    assert.match(await page.title(), /Import/)
  })

  test('one that cannot be read says why, and an administrator removes it', async () => {
    await world().api('POST', '/repositories', { name: 'silent', url: `${odd.url}/nothing` })
    const { page, open } = await world().visitor()
    await open('/import?from=repository&repository=silent')
    await page.getByRole('button', { name: 'Read now' }).first().click()
    await page.getByText('404 Client Error').waitFor()
    await assertAccessible(page, 'a repository that cannot be read')
    await page.getByRole('button', { name: 'Remove silent' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await eventually('it is gone', async () => {
      const options = await page.getByLabel('Repository', { exact: true }).locator('option').allInnerTexts()
      return !options.includes('silent')
    })
  })

  test('an image comes from a URL, with all that is said of it', async () => {
    const { page, open } = await world().visitor()
    await open('/import')
    await page.getByRole('textbox', { name: 'URL' }).fill(`${files}/images/Debian%2013.raw`)
    assert.equal(await page.getByLabel('Name', { exact: true }).getAttribute('placeholder'), 'Debian 13')
    assert.equal(await page.getByLabel('Format').inputValue(), 'raw')
    await page.getByLabel('Visibility').selectOption('public')
    await page.getByLabel('Expected digest').fill(sha256)
    await page.getByText('This is a digest of sha256.').waitFor()
    await page.getByRole('button', { name: 'More about the image' }).click()
    await page.getByLabel('Description').fill('From the mirror')
    await page.getByLabel('Tags').fill('mirror,,  mirror , web')
    await page.getByLabel('Distribution').fill('debian')
    await page.getByLabel('Version').fill('13')
    await page.getByLabel('Smallest disk').fill('2')
    await assertAccessible(page, 'the whole form')
    await page.getByRole('textbox', { name: 'URL' }).press('Enter')
    await page.getByText('Debian 13 is ready').waitFor()
    const made = await image('Debian 13')
    assert.deepEqual(
      [made.status, made.visibility, made.diskFormat, made.size, made.tags, made.minDisk],
      ['active', 'public', 'raw', bytes.length, ['mirror', 'web'], 2],
    )
    assert.deepEqual(made.properties, {
      description: 'From the mirror',
      os_distro: 'debian',
      os_version: '13',
    })
    await page.getByRole('link', { name: 'Show the image' }).click()
    await page.waitForURL(`**/ui/images/${made.uuid}`)
  })

  test('what is wrong with a URL is told at its field, and other bytes than expected are no image', async () => {
    const visitor = await world().visitor()
    const { page, open } = visitor
    await open('/import')
    await page.getByRole('textbox', { name: 'URL' }).fill('ftp://example.org/x.iso')
    await page.getByLabel('Expected digest').fill('12')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText('This is no digest').waitFor()
    await page.getByLabel('Expected digest').fill('0'.repeat(40))
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText('Only http and https URLs can be fetched.').waitFor()
    assert.equal(await page.getByRole('textbox', { name: 'URL' }).getAttribute('aria-invalid'), 'true')
    await assertAccessible(page, 'a form that was refused')
    await page.getByRole('textbox', { name: 'URL' }).fill(`${files}/other.raw`)
    assert.equal(await page.getByRole('textbox', { name: 'URL' }).getAttribute('aria-invalid'), 'false')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText('other could not be made').waitFor()
    await page.getByText(/The sha1 of the bytes is/).waitFor()
    await page.getByRole('button', { name: 'Do not show other any more' }).click()
    await page.getByText('other could not be made').waitFor({ state: 'detached' })
    forget(visitor.problems, /400/)
  })

  test('members import into their projects, and readers nothing', async () => {
    await world().api('POST', '/projects', { name: 'mine' })
    for (const role of ['member', 'reader'])
      await world().api('POST', '/users', {
        username: `a-${role}`,
        password: 'a-good-password',
        grant: [{ project: 'mine', role }],
      })
    const member = await world().visitor({}, { username: 'a-member', password: 'a-good-password' })
    await member.open('/import?from=repository&repository=other')
    assert.equal(await member.page.getByRole('button', { name: 'Add a repository' }).count(), 0)
    // Somebody else's private image is there, and is not theirs to see.
    await shows(member.page, ['golden windows', 'golden freebsd', 'golden debian'])
    assert.equal(await member.page.getByRole('link', { name: 'in the catalogue' }).count(), 0)
    await member.page.getByText('in the catalogue').waitFor()
    await member.page.getByRole('button', { name: 'Import golden debian' }).click()
    const dialog = member.page.getByRole('dialog')
    assert.deepEqual(await dialog.getByLabel('Project').locator('option').allInnerTexts(), ['mine'])
    assert.ok(!(await dialog.getByLabel('Visibility').locator('option').allInnerTexts()).includes('public'))
    await dialog.getByRole('button', { name: 'Import' }).click()
    await member.page.getByText('golden debian is ready').waitFor()
    assert.equal((await image('golden debian')).project?.name, 'mine')

    const reader = await world().visitor({}, { username: 'a-reader', password: 'a-good-password' })
    await reader.open('/import?from=repository')
    await reader.page.getByText('Your role does not allow this.').waitFor()
    await reader.open('/import')
    await reader.page.getByText('There is no project in which you may make images.').waitFor()
    await reader.page.getByRole('textbox', { name: 'URL' }).fill(files)
    assert.equal(await reader.page.getByRole('button', { name: 'Import', exact: true }).isDisabled(), true)
    forget(reader.problems, /403/)
  })

  for (const [theme, language] of [
    ['light', 'en'],
    ['dark', 'fr'],
    ['light', 'zh'],
  ] as const)
    test(`it is for everybody: ${theme}, ${language}, also on a phone`, async () => {
      const { page, open } = await world().visitor({ theme, language })
      for (const path of ['/import', '/import?from=repository&repository=other']) {
        await open(path)
        await assertAccessible(page, path)
      }
      await page.setViewportSize({ width: 375, height: 700 })
      await open('/import?from=repository&repository=other')
      await assertAccessible(page, 'a repository on a phone')
      const isWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
      await eventually('nothing is beside the screen', async () => !(await page.evaluate(isWide)))
    })
})
