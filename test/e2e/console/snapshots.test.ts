import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import type { WireImageList } from '../../../src/faces/console/wire.ts'
import { assertAccessible, eventually, forget, settled } from '../../support/browser.ts'
import { describeConsole } from '../../support/console.ts'
import { haveQemuImg } from '../../support/disk-images.ts'

const run = promisify(execFile)
const disks = await mkdtemp(join(tmpdir(), 'imageport-disks-'))
const web01 = '81ddeb48-937b-4e54-8b37-091bfcabf18e'
const hostile = '<b onclick=alert(1)>x</b>'

describeConsole(
  'images from snapshots in the console',
  (world) => {
    before(async () => {
      assert.ok(await haveQemuImg(), 'qemu-img cannot be installed here')
      const file = join(disks, 'web01.qcow2')
      await run('qemu-img', ['create', '-q', '-f', 'qcow2', file, '8M'])
      await run('qemu-img', ['snapshot', '-c', 'before-upgrade', file])
    })
    after(() => rm(disks, { recursive: true, force: true }))

    const hosts = (page: Page) => page.locator('tbody td[data-label="Name"]').allInnerTexts()
    const shows = (page: Page, wanted: readonly string[]) =>
      eventually(`it shows ${wanted}`, async () => (await hosts(page)).join() === wanted.join())

    const enter = () =>
      world().api('POST', '/apply', {
        projects: [{ name: 'acme' }],
        users: [
          {
            username: 'owner',
            password: 'a-good-password',
            roles: [{ project: 'acme', role: 'member' }],
          },
        ],
        nodes: [{ hostname: 'node01' }, { hostname: 'node02' }],
        instances: [
          {
            uuid: web01,
            hostname: 'web01',
            project: 'acme',
            owner: 'owner',
            node: 'node01',
            status: 'stopped',
            ips: ['192.0.2.7'],
            disks: [{ size: 8, file: 'web01.qcow2' }, { size: 2048 }],
            snapshots: [
              { name: 'before-upgrade', note: hostile, createdAt: '2024-01-02T00:00:00Z' },
              { name: 'gone', disk: 2, status: 'lost', createdAt: '2024-01-01T00:00:00Z' },
            ],
          },
          ...Array.from({ length: 24 }, (_, n) => ({
            hostname: `lab-${String(n).padStart(2, '0')}`,
            project: 'main',
            node: 'node02',
            status: n % 2 ? 'running' : 'stopped',
          })),
        ],
      })

    for (const theme of ['light', 'dark'] as const)
      test(`where nothing is, it says where machines come from: ${theme}`, async () => {
        const { page, open } = await world().visitor({ theme })
        await open('/snapshots')
        await page.getByRole('heading', { name: 'There are no virtual machines here' }).waitFor()
        await assertAccessible(page, 'a place without machines')
        await page.getByRole('button', { name: 'About bootstrap files' }).click()
        await page.getByRole('dialog').getByText('imageport apply FILE').waitFor()
        await assertAccessible(page, 'what is to be known of bootstrap files')
        await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
        await page.getByRole('button', { name: 'Compute resources' }).click()
        await page.waitForURL('**/ui/compute-resources')
      })

    test('machines are searched, filtered, sorted and paged by the address', async () => {
      await enter()
      const { page, open } = await world().visitor()
      await open('/snapshots')
      assert.equal((await hosts(page)).length, 20)
      await page.getByRole('button', { name: 'Next page' }).first().click()
      await page.waitForURL(/page=2/)
      await shows(page, ['lab-20', 'lab-21', 'lab-22', 'lab-23', 'web01'])
      await page.getByRole('button', { name: 'Name', exact: true }).click()
      await page.waitForURL(/sort=-hostname/)
      await eventually('web01 is the first', async () => (await hosts(page))[0] === 'web01')
      await page.getByRole('textbox', { name: /Search by name/ }).fill('LAB-0')
      await page.waitForURL(/search=LAB-0/)
      await page.getByRole('button', { name: 'State', exact: true }).first().click()
      await page.getByRole('option', { name: 'running' }).click()
      await shows(page, ['lab-09', 'lab-07', 'lab-05', 'lab-03', 'lab-01'])
      await page.getByRole('button', { name: 'Node', exact: true }).first().click()
      await page.getByRole('option', { name: 'node01' }).click()
      await page.getByRole('heading', { name: 'No virtual machine matches' }).waitFor()
      await page.getByRole('button', { name: 'Clear all filters' }).last().click()
      await eventually('all are back', async () => (await hosts(page)).length === 20)
      await open('/snapshots?search=192.0.2')
      await shows(page, ['web01'])
    })

    test('a snapshot is taken, and an image made of it', async () => {
      const visitor = await world().visitor()
      const { page, open } = visitor
      await open('/snapshots?search=web01')
      await page.getByRole('link', { name: 'web01' }).click()
      await page.getByRole('heading', { name: 'web01', level: 1 }).waitFor()
      await settled(page)
      await page.getByText(hostile).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Make an image of gone' }).isDisabled(), true)

      await page.getByRole('button', { name: 'Take a snapshot of disk 1' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Name').fill('-not so')
      await dialog.getByRole('button', { name: 'Take the snapshot' }).click()
      await dialog.getByText(/begins with a letter or digit/).waitFor()
      await dialog.getByLabel('Name').fill('now')
      await dialog.getByLabel('Note').fill('as it is')
      await assertAccessible(page, 'the form of a snapshot')
      await dialog.getByRole('button', { name: 'Take the snapshot' }).click()
      await dialog.waitFor({ state: 'detached' })
      const button = page.getByRole('button', { name: 'Make an image of now' })
      await button.waitFor()
      // It is being taken, and then it is there.
      await eventually('it can be used', () => button.isEnabled())

      await button.click()
      assert.equal(await dialog.getByLabel('Name').inputValue(), 'web01 now')
      await dialog.getByLabel('Visibility').selectOption('community')
      await dialog.getByLabel('Description').fill('What web01 held')
      await assertAccessible(page, 'the form of an image')
      await dialog.getByRole('button', { name: 'Make the image' }).click()
      await page.getByText('web01 now is ready').waitFor()
      const { images } = (await world().api('GET', '/images?search=web01%20now')) as WireImageList
      const [image] = images
      assert.deepEqual(
        [image?.status, image?.visibility, image?.project?.name, image?.type, image?.diskFormat],
        ['active', 'community', 'acme', 'snapshot', 'qcow2'],
      )
      assert.deepEqual([image?.virtualSize, image?.properties.description], [2 ** 23, 'What web01 held'])
      await page.getByRole('link', { name: 'Show the image' }).click()
      await page.waitForURL(`**/ui/images/${image!.uuid}`)
      forget(visitor.problems, /400/)
    })

    test('a disk is put back to a snapshot, which is deleted then; another window sees both', async () => {
      const { page, open, problems } = await world().visitor()
      const other = await world().visitor()
      const text = (one: Page, words: string) => one.locator('tbody tr').filter({ hasText: words })
      await other.open(`/snapshots?instance=${web01}`)
      await open(`/snapshots?instance=${web01}`)
      const choose = async (name: string, item: string) => {
        await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click()
        await page.getByRole('menuitem', { name: item }).click()
      }
      await choose('before-upgrade', 'Revert to it')
      const dialog = page.getByRole('dialog', { name: 'Revert to before-upgrade?' })
      await dialog.getByText(/What was written to it since then is lost/).waitFor()
      await dialog.getByRole('button', { name: 'Revert the disk' }).click()
      await dialog.getByText(/has newer snapshots/).waitFor()
      assert.equal(await dialog.getByRole('button', { name: 'Revert the disk' }).isDisabled(), true)
      await dialog.getByRole('checkbox', { name: 'Revert to it all the same' }).check()
      await assertAccessible(page, 'the question about a disk')
      await dialog.getByRole('button', { name: 'Revert the disk' }).click()
      await page.getByText('The disk was reverted to before-upgrade').waitFor()

      await choose('now', 'Delete')
      const question = page.getByRole('dialog', { name: 'Delete now?' })
      await assertAccessible(page, 'the question about a snapshot')
      await question.getByRole('button', { name: 'Cancel' }).click()
      assert.equal(await page.evaluate('document.activeElement.ariaLabel'), 'Actions for now')
      await choose('now', 'Delete')
      await question.getByRole('button', { name: 'Delete' }).click()
      await page.getByText('now was deleted').waitFor()
      for (const one of [page, other.page])
        await eventually('it is gone', async () => (await text(one, 'as it is').count()) === 0)

      await choose('gone', 'Delete')
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
      await page.getByText('gone was deleted').waitFor()
      const file = join(disks, 'web01.qcow2')
      const { stdout } = await run('qemu-img', ['snapshot', '-l', file])
      assert.deepEqual([/before-upgrade/.test(stdout), / now /.test(stdout)], [true, false])
      forget(problems, /409/)
    })

    test('a name that is taken is told at its field; nothing is left of an image that cannot be made', async () => {
      const visitor = await world().visitor()
      const { page, open } = visitor
      await open(`/snapshots?instance=${web01}`)
      await page.getByRole('button', { name: 'Make an image of before-upgrade' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Name').fill('WEB01 now')
      await dialog.getByRole('button', { name: 'Make the image' }).click()
      await dialog.getByText('An image of this name and version is there already.').waitFor()
      await run('qemu-img', ['snapshot', '-d', 'before-upgrade', join(disks, 'web01.qcow2')])
      await dialog.getByLabel('Name').fill('never')
      await dialog.getByRole('button', { name: 'Make the image' }).click()
      await page.getByText('never could not be made').waitFor()
      await page.getByText('The disk has no snapshot of this name.').waitFor()
      const { total } = (await world().api('GET', '/images?search=never')) as WireImageList
      assert.equal(total, 0)
      forget(visitor.problems, /400/)
    })

    test('whoever only owns a machine takes snapshots, and makes no images', async () => {
      const { page, open } = await world().visitor({}, { username: 'owner', password: 'a-good-password' })
      await open('/snapshots')
      await shows(page, ['web01'])
      await open(`/snapshots?instance=${web01}`)
      await page.getByText(/Only those who manage the project/).waitFor()
      assert.equal(
        await page.getByRole('button', { name: 'Make an image of before-upgrade' }).isDisabled(),
        true,
      )
      assert.equal(await page.getByRole('button', { name: 'Take a snapshot of disk 1' }).isEnabled(), true)
      await page.getByRole('button', { name: 'Actions for before-upgrade', exact: true }).click()
      await page.getByRole('menuitem', { name: 'Delete' }).waitFor()
    })

    test('a machine that is not there says so', async () => {
      const visitor = await world().visitor()
      await visitor.open('/snapshots?instance=00000000-0000-4000-8000-000000000000')
      await visitor.page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
      forget(visitor.problems, /404/)
    })

    for (const [theme, language] of [
      ['light', 'en'],
      ['dark', 'fr'],
      ['light', 'zh'],
    ] as const)
      test(`it is for everybody: ${theme}, ${language}, also on a phone`, async () => {
        const { page, open } = await world().visitor({ theme, language })
        for (const path of ['/snapshots', `/snapshots?instance=${web01}`]) {
          await open(path)
          await assertAccessible(page, path)
        }
        await page.setViewportSize({ width: 375, height: 700 })
        await open(`/snapshots?instance=${web01}`)
        await assertAccessible(page, 'a machine on a phone')
        const isWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
        await eventually('nothing is beside the screen', async () => !(await page.evaluate(isWide)))
      })
  },
  { IMAGEPORT_DISKS_DIR: disks },
)
