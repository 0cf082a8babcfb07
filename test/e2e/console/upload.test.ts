import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { WireImage, WireImageList } from '../../../src/faces/console/wire.ts'
import type { WireUploadList } from '../../../src/faces/console/wire-uploads.ts'
import { assertAccessible, eventually, forget, visit } from '../../support/browser.ts'
import { admin, describeConsole } from '../../support/console.ts'
import { haveQemuImg, imageFolder, qcow2Header, qemuImg } from '../../support/disk-images.ts'

const mib = 1024 ** 2
const authorization = `Basic ${btoa(`${admin.username}:${admin.password}`)}`
const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('hex')

/** A slow way to a server, which can be cut and is there again at once. */
async function lineTo(url: string, bytesPerSecond: number) {
  const ends = new Set<Socket>()
  const line = createServer((near) => {
    const far = connect(Number(new URL(url).port), '127.0.0.1')
    for (const end of [near, far]) {
      ends.add(end)
      end.on('error', () => {})
      end.on('close', () => {
        ends.delete(end)
        near.destroy()
        far.destroy()
      })
    }
    far.pipe(near)
    near.on('data', (bytes) => {
      far.write(bytes)
      near.pause()
      setTimeout(() => near.resume(), (bytes.length / bytesPerSecond) * 1000)
    })
  })
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const end of ends) end.resetAndDestroy()
  }
  return {
    url: `http://127.0.0.1:${(line.address() as AddressInfo).port}`,
    cut,
    close() {
      line.close()
      cut()
    },
  }
}

describeConsole('uploads', (world) => {
  let folder: string
  let dropFolder: () => Promise<void>
  before(async () => {
    assert.ok(await haveQemuImg(), 'qemu-img cannot be installed here')
    const made = await imageFolder()
    folder = made.folder
    dropFolder = made.remove
    await writeFile(join(folder, 'disk.raw'), randomBytes(24 * mib).fill(0xff, 0, 512))
    await qemuImg(folder, 'convert', '-f', 'raw', '-O', 'qcow2', 'disk.raw', 'debian-13.qcow2')
    await writeFile(join(folder, 'small.img'), randomBytes(300_000).fill(0xff, 0, 512))
    await writeFile(join(folder, 'other.img'), randomBytes(200_000).fill(0xff, 0, 512))
    await writeFile(join(folder, 'evil.qcow2'), qcow2Header({ backingOffset: 400n }))
  })
  after(() => dropFolder())

  const file = (name: string) => join(folder, name)

  /** Chooses files in the browser's dialog. */
  async function choose(page: Page, button: string | RegExp, ...names: readonly string[]): Promise<void> {
    const dialog = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: button }).click()
    await (await dialog).setFiles(names.map(file))
  }

  /** The upload of that name, as the list shows it. */
  const entry = (page: Page, name: string) => page.getByRole('article', { name, exact: true })
  const state = (page: Page, name: string, words: string | RegExp) =>
    entry(page, name).getByText(words).waitFor({ timeout: 20_000 })

  /** So many bytes per second go out of the browser, until the returned function is called. */
  async function slow(page: Page, bytesPerSecond: number): Promise<() => Promise<void>> {
    const client = await page.context().newCDPSession(page)
    await client.send('Network.enable')
    await client.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytesPerSecond,
    })
    return () => client.detach()
  }

  async function imageNamed(name: string): Promise<WireImage> {
    const found = (await world().api('GET', `/images?search=${encodeURIComponent(name)}`)) as WireImageList
    const image = found.images.find((one) => one.name === name)
    assert.ok(image, `there is no image ${name}`)
    return image
  }

  async function download(uuid: string): Promise<Buffer> {
    const response = await fetch(`${world().server.url}/ui/api/v1/images/${uuid}/file`, {
      headers: { authorization },
    })
    return Buffer.from(await response.arrayBuffer())
  }

  const received = async () => {
    const { uploads } = (await world().api('GET', '/uploads')) as WireUploadList
    return uploads.find((upload) => upload.state === 'open')?.received ?? 0
  }

  test('a real image goes over with a pause, a reload and another page in between, and comes back byte for byte', async () => {
    const { page, open } = await world().visitor()
    await open('/upload')
    await choose(page, 'Choose files', 'debian-13.qcow2')
    const card = page.getByRole('region', { name: 'debian-13.qcow2' })
    assert.equal(await card.getByRole('textbox', { name: 'Name of the image' }).inputValue(), 'debian-13')
    assert.equal(await card.getByRole('combobox', { name: 'Format' }).inputValue(), 'qcow2')
    await card.getByRole('textbox', { name: 'Name of the image' }).fill('Debian 13')
    await card.getByRole('button', { name: 'System and tags' }).click()
    await card.getByRole('combobox', { name: 'Distribution' }).fill('debian')
    await card.getByRole('textbox', { name: 'Tags' }).fill('golden, server')
    await assertAccessible(page, 'a file that was chosen')

    const hurry = await slow(page, 4 * mib)
    await page.getByRole('button', { name: 'Upload the file' }).click()
    await state(page, 'Debian 13', /MB\/s/)
    await state(page, 'Debian 13', /seconds? left/)
    await assertAccessible(page, 'an upload under way')
    await page.getByRole('button', { name: 'Pause: Debian 13' }).click()
    await state(page, 'Debian 13', 'Paused')
    await eventually('what was sent is kept', async () => (await received()) > 0)
    const paused = await received()
    await page.getByRole('button', { name: 'Go on: Debian 13' }).click()
    // It goes on while somebody looks at something else, and says so there.
    await page.getByRole('link', { name: 'Images', exact: true }).click()
    await page.getByRole('heading', { name: 'Images', level: 1 }).waitFor()
    await page.getByRole('link', { name: /1 upload under way/ }).click()
    await state(page, 'Debian 13', 'Uploading')

    // Closing the page is asked about, and what is over there stays there.
    let asked = 0
    page.on('dialog', (dialog) => {
      asked++
      void dialog.accept()
    })
    await page.reload()
    assert.equal(asked, 1)
    await hurry()
    await state(page, 'Debian 13', /Interrupted/)
    await eventually('what was sent is kept', async () => (await received()) > paused)
    await assertAccessible(page, 'an interrupted upload')
    await choose(page, 'Choose the file again: Debian 13', 'small.img')
    await page.getByText(/This is not the file/).waitFor()
    await choose(page, 'Choose the file again: Debian 13', 'debian-13.qcow2')
    await state(page, 'Debian 13', 'The image is ready')

    const image = await imageNamed('Debian 13')
    assert.deepEqual(
      [image.status, image.diskFormat, image.project?.name, image.tags, image.properties],
      ['active', 'qcow2', 'main', ['golden', 'server'], { os_distro: 'debian' }],
    )
    assert.equal(image.size, (await stat(file('debian-13.qcow2'))).size)
    const bytes = await readFile(file('debian-13.qcow2'))
    assert.equal(sha512(await download(image.uuid)), sha512(bytes))
    const link = entry(page, 'Debian 13').getByRole('link', { name: 'Debian 13' })
    assert.equal(await link.getAttribute('href'), `/ui/images/${image.uuid}`)
    await page.getByRole('button', { name: 'Dismiss: Debian 13' }).click()
    await entry(page, 'Debian 13').waitFor({ state: 'detached' })
  })

  test('several files, one without and one with a hostile content, described together', async () => {
    const { page, open } = await world().visitor({ theme: 'dark' })
    await open('/upload')
    // Dropped, as from another window.
    const names = ['small.img', 'other.img', 'evil.qcow2']
    const contents = await Promise.all(names.map((name) => readFile(file(name))))
    const dropped = await page.evaluateHandle(
      `(() => {
        const transfer = new DataTransfer()
        for (const [name, text] of ${JSON.stringify(names.map((name, n) => [name, contents[n]!.toString('base64')]))})
          transfer.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name))
        return transfer
      })()`,
    )
    await page.locator('.pf-v6-c-multiple-file-upload').dispatchEvent('drop', { dataTransfer: dropped })
    await page.getByRole('heading', { name: '3 files to upload' }).waitFor()
    const first = page.getByRole('region', { name: 'small.img' })
    await first.getByRole('combobox', { name: 'Visibility' }).selectOption('community')
    await first.getByRole('button', { name: /for all files/ }).click()
    await page.getByRole('region', { name: 'other.img' }).getByRole('textbox', { name: 'Name' }).fill(' ')
    assert.ok(await page.getByRole('button', { name: 'Upload 3 files' }).isDisabled())
    await page.getByRole('button', { name: 'Do not upload other.img' }).click()
    await page.getByRole('button', { name: 'Upload 2 files' }).click()
    await state(page, 'small', 'The image is ready')
    await state(page, 'evil', 'The image could not be made')
    await entry(page, 'evil')
      .getByText(/backing file/)
      .waitFor()
    await assertAccessible(page, 'what became of uploads')
    const small = await imageNamed('small')
    assert.deepEqual([small.status, small.visibility, small.diskFormat], ['active', 'community', 'raw'])
    assert.ok((await readFile(file('small.img'))).equals(await download(small.uuid)))
    assert.equal((await imageNamed('evil')).status, 'killed')
    await page.getByRole('button', { name: 'Clear completed uploads' }).click()
    await entry(page, 'small').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Dismiss: evil' }).click()
    await entry(page, 'evil').waitFor({ state: 'detached' })
  })

  test('an upload that is cancelled leaves nothing', async () => {
    const { page, open } = await world().visitor()
    await open('/upload')
    await slow(page, mib)
    await choose(page, 'Choose files', 'disk.raw')
    await page.getByRole('button', { name: 'Upload the file' }).click()
    await state(page, 'disk', /MB\/s/)
    await page.getByRole('button', { name: 'Cancel upload: disk' }).click()
    await assertAccessible(page, 'the question before an upload is cancelled')
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel upload' }).click()
    await entry(page, 'disk').waitFor({ state: 'detached' })
    const { uploads } = (await world().api('GET', '/uploads')) as WireUploadList
    assert.ok(uploads.every(({ metadata }) => metadata.name !== 'disk'))
    assert.equal(((await world().api('GET', '/images?search=disk')) as WireImageList).total, 0)
  })

  test('a line that is cut is no end', async () => {
    const line = await lineTo(world().server.url, 8 * mib)
    const visitor = await visit(world().browser, line.url)
    try {
      const { page, problems } = visitor
      await visitor.signIn(admin.username, admin.password)
      await visitor.open('/upload')
      await choose(page, 'Choose files', 'disk.raw')
      await page.getByRole('textbox', { name: 'Name of the image' }).fill('cut')
      await page.getByRole('button', { name: 'Upload the file' }).click()
      await state(page, 'cut', /MB\/s/)
      line.cut()
      await eventually('the browser has noticed', async () => problems.some((one) => /ERR_/.test(one)))
      await state(page, 'cut', 'The image is ready')
      // The browser itself has sent the broken request once more, which the server may have refused.
      forget(problems, /ERR_|409/)
      assert.deepEqual(problems, [])
    } finally {
      await visitor.close()
      line.close()
    }
    const { uuid } = await imageNamed('cut')
    assert.ok((await readFile(file('disk.raw'))).equals(await download(uuid)))
  })

  test('what the server refuses is told at the file, and can be put right', async () => {
    await world().api('PATCH', '/projects/main', { quotaBytes: 1 })
    const { page, open, problems } = await world().visitor()
    await open('/upload')
    await choose(page, 'Choose files', 'other.img')
    await page.getByRole('button', { name: 'Upload the file' }).click()
    await page
      .getByRole('alert')
      .getByText(/may take 1 bytes/)
      .waitFor()
    await world().api('PATCH', '/projects/main', { quotaBytes: null })
    await page.getByRole('button', { name: 'Upload the file' }).click()
    await state(page, 'other', 'The image is ready')
    forget(problems, /403/)
  })

  /** An upload as another page left it. */
  async function interrupted(name: string): Promise<void> {
    const metadata = Object.entries({ name, filename: `${name}.qcow2`, lastModified: '1700000000000' })
    const response = await fetch(`${world().server.url}/ui/api/v1/uploads`, {
      method: 'POST',
      headers: {
        authorization,
        'tus-resumable': '1.0.0',
        'upload-length': '50000000',
        'upload-metadata': metadata.map(([key, value]) => `${key} ${btoa(value)}`).join(','),
      },
    })
    assert.equal(response.status, 201)
  }

  for (const view of [
    { theme: 'light', language: 'fr' },
    { theme: 'dark', language: 'zh' },
  ] as const)
    test(`it is for everybody: ${view.theme}, ${view.language}, on a phone`, async () => {
      const { page, open } = await world().visitor({ ...view, width: 375, height: 700 })
      const name = `windows-server-2025-datacenter-${view.language}`
      await interrupted(name)
      await open('/upload')
      await entry(page, name).waitFor()
      await assertAccessible(page, 'the page of uploads')
      const dialog = page.waitForEvent('filechooser')
      await page.locator('.pf-v6-c-multiple-file-upload button').click()
      await (await dialog).setFiles([file('small.img'), file('other.img')])
      await page.getByRole('region', { name: 'other.img' }).waitFor()
      await assertAccessible(page, 'the page of uploads with files')
      const outside = `[...document.querySelectorAll('main *')].filter(
        (one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.outerHTML.slice(0, 200))`
      assert.deepEqual(await page.evaluate(outside), [])
    })

  test('the keyboard is enough', async () => {
    const { page, open } = await world().visitor()
    await open('/upload')
    const dialog = page.waitForEvent('filechooser')
    // Only now: the browser has to know that the dialog is waited for.
    await page.getByRole('button', { name: 'Choose files' }).focus()
    await page.keyboard.press('Enter')
    await (await dialog).setFiles(file('other.img'))
    await page.getByRole('textbox', { name: 'Name of the image' }).fill('by keyboard')
    await page.getByRole('textbox', { name: 'Name of the image' }).press('Enter')
    await state(page, 'by keyboard', 'The image is ready')
    await page.getByRole('button', { name: 'Dismiss: by keyboard' }).press('Enter')
    await entry(page, 'by keyboard').waitFor({ state: 'detached' })
  })
})
