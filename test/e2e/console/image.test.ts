import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { WireImage } from '../../../src/faces/console/wire.ts'
import { assertAccessible, eventually, forget, settled, type Visitor } from '../../support/browser.ts'
import { describeConsole } from '../../support/console.ts'

const eva = { username: 'eva', password: 'secret' }
const omar = { username: 'omar', password: 'it is "quoted" \\ so' }
const word = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'.repeat(3)
const hostile = {
  name: `<img src=x onerror=alert(1)> ${word}`.slice(0, 255),
  tags: ['<b>tag</b>', word.slice(0, 200)],
  properties: {
    '<img src=x onerror=alert(2)>': '<script>alert(3)</script>',
    [word.slice(0, 200)]: word.repeat(3),
    description: `<b>${word}</b>`,
  },
}

describeConsole('the page of an image', (world) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keyFile = join(tmpdir(), `imageport-key-${process.pid}.pem`)
  /** Eva with her browser, in which all of this happens unless somebody else has to be there. */
  let hers: Visitor
  before(async () => {
    const { api, visitor } = world()
    await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    await api('POST', '/projects', { name: 'park', label: 'The park' })
    await api('POST', '/users', { ...omar, grant: [{ project: 'park', role: 'owner' }] })
    const sshKeys = [publicKey.export({ type: 'spki', format: 'pem' }).toString()]
    await api('POST', '/apply', { users: [{ username: 'eva', sshKeys }] })
    hers = await visitor({}, eva)
  })
  after(() => rm(keyFile, { force: true }))

  let made = 0
  /** Of acme; active unless it is to have no bytes. */
  async function image(facts: object = {}, hasBytes = true): Promise<WireImage> {
    const { api } = world()
    const draft = { project: 'acme', diskFormat: 'raw', containerFormat: 'bare', ...facts }
    const { uuid } = (await api('POST', '/images', { name: `image ${++made}`, ...draft })) as WireImage
    if (hasBytes) await api('PUT', `/images/${uuid}/file`, new TextEncoder().encode(`bytes of ${uuid}`))
    return now(uuid)
  }
  const now = async (uuid: string) => (await world().api('GET', `/images/${uuid}`)) as WireImage
  const becomes = (uuid: string, what: string, isSo: (image: WireImage) => boolean) =>
    eventually(what, async () => isSo(await now(uuid)))

  test('its facts are edited where they stand, with the keyboard alone', async () => {
    const { uuid } = await image({ properties: { os_distro: 'debian' } })
    const { page, open, problems } = hers
    await open(`/images/${uuid}`)
    const edit = async (what: string) => {
      await page.getByRole('button', { name: `Edit ${what}`, exact: true }).focus()
      await page.keyboard.press('Enter')
      return page.getByRole('textbox', { name: what, exact: true })
    }
    const name = await edit('Name')
    await name.fill('A better name')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'A better name' }).waitFor()
    assert.equal((await now(uuid)).name, 'A better name')
    // Whoever saved goes on from where they were.
    assert.equal(await page.evaluate('document.activeElement.getAttribute("aria-label")'), 'Edit Name')

    await (await edit('Name')).fill('never')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Edit Name' }).waitFor()
    assert.equal((await now(uuid)).name, 'A better name')

    await (await edit('Description')).fill('Two\nlines')
    await page.keyboard.press('Control+Enter')
    await page.getByText('Two\nlines').waitFor()
    await (await edit('Distribution')).fill('')
    await page.keyboard.press('Enter')
    await becomes(uuid, 'the property is gone', ({ properties }) => !('os_distro' in properties))
    assert.equal((await now(uuid)).properties.description, 'Two\nlines')

    await page.getByRole('button', { name: 'Edit Smallest disk' }).click()
    await page.getByRole('spinbutton', { name: 'Smallest disk' }).fill('7')
    await page.keyboard.press('Enter')
    await page.getByText('7 GB').waitFor()
    // What the server says against it stands at the field, and nothing is lost.
    await page.getByRole('button', { name: 'Edit Smallest disk' }).click()
    const field = page.getByRole('spinbutton', { name: 'Smallest disk' })
    await field.fill('2147483648')
    await page.keyboard.press('Enter')
    await page.getByText('less than or equal to 2147483647').waitFor()
    await assertAccessible(page, 'a fact that is refused')
    assert.equal(await field.inputValue(), '2147483648')
    await page.keyboard.press('Escape')
    forget(problems, /400/)

    await page.getByRole('switch', { name: 'Protected' }).focus()
    await page.keyboard.press('Space')
    await becomes(uuid, 'it is protected', (shown) => shown.protected)
    await page.getByRole('button', { name: 'Edit Visibility' }).click()
    assert.deepEqual(await page.getByRole('combobox').locator('option').allInnerTexts(), [
      'private',
      'shared',
      'community',
    ])
    await page.getByRole('combobox').selectOption('community')
    await page.getByRole('button', { name: 'Save Visibility' }).click()
    await becomes(uuid, 'it is a community image', ({ visibility }) => visibility === 'community')

    await page.getByRole('button', { name: 'Copy SHA512' }).click()
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), (await now(uuid)).sha512)

    await page.getByRole('tab', { name: 'History' }).click()
    const entry = page.locator('#image-history li').filter({ hasText: 'A better name' }).first()
    assert.match(await entry.innerText(), /Changed\s+by eva, through the console,/)
    assert.match(
      await entry.locator('dl').innerText(),
      /Name\s+before:\s+image \d+ →\s+after:\s+A better name/,
    )
  })

  test('tags are added, changed and removed', async () => {
    const { uuid } = await image({ tags: ['old', 'stays'] })
    const { page, open } = hers
    await open(`/images/${uuid}/facts`)
    const tags = (wanted: readonly string[]) =>
      becomes(uuid, `the tags are ${wanted}`, (shown) => shown.tags.join() === wanted.join())
    await page.getByRole('textbox', { name: 'New tag' }).fill('new')
    await page.keyboard.press('Enter')
    await tags(['new', 'old', 'stays'])
    await page.getByRole('button', { name: 'Change the tag old' }).click()
    await page.keyboard.press('Control+A')
    await page.keyboard.type('older')
    await page.keyboard.press('Enter')
    await tags(['new', 'older', 'stays'])
    await page.getByRole('button', { name: 'Remove the tag new' }).click()
    await tags(['older', 'stays'])
  })

  test('properties are added, changed and removed, and are text whatever they say', async () => {
    const { uuid } = await image(hostile, false)
    const { page, open, problems } = hers
    let asked = false
    page.on('dialog', (dialog) => {
      asked = true
      void dialog.dismiss()
    })
    await open(`/images/${uuid}/properties`)
    const value = (name: string) =>
      page.locator('tbody tr').filter({ hasText: name }).locator('td[data-label="Value"]')
    assert.equal(await value('<img src=x onerror=alert(2)>').innerText(), '<script>alert(3)</script>')
    await page.getByRole('textbox', { name: 'Name of a new property' }).fill('toString')
    await page.getByRole('textbox', { name: 'Its value' }).fill('<i>x</i>')
    await page.keyboard.press('Enter')
    await value('toString').getByText('<i>x</i>').waitFor()
    await page.getByRole('button', { name: 'Edit toString' }).click()
    await page.getByRole('textbox', { name: 'toString' }).fill('changed')
    await page.keyboard.press('Enter')
    await value('toString').getByText('changed').waitFor()
    await page.getByRole('textbox', { name: 'Name of a new property' }).fill('os_hidden')
    await page.keyboard.press('Enter')
    await page.getByText('"os_hidden" is a reserved name.').waitFor()
    await page.getByRole('textbox', { name: 'Name of a new property' }).fill('toString')
    await page.keyboard.press('Enter')
    await page.getByText('There is a property toString already.').waitFor()
    await page.getByRole('button', { name: 'Remove toString' }).click()
    await value('toString').waitFor({ state: 'detached' })
    forget(problems, /400/)

    for (const tab of ['facts', 'history', 'seen-by']) {
      await open(`/images/${uuid}/${tab}`)
      assert.equal(await page.locator('#main img, #main script, #main b').count(), 0)
    }
    assert.equal(asked, false)
  })

  test('it is offered to another project, which accepts', async () => {
    const { uuid } = await image({ visibility: 'private' })
    const owner = hers
    await owner.open(`/images/${uuid}/sharing`)
    await owner.page.getByText('Only shared images have members.').waitFor()
    await owner.page.getByRole('button', { name: 'Edit Visibility' }).click()
    await owner.page.getByRole('combobox').selectOption('shared')
    await owner.page.getByRole('button', { name: 'Save Visibility' }).click()
    const field = owner.page.getByRole('combobox', { name: 'Project' })
    await field.fill('nowhere')
    await owner.page.keyboard.press('Enter')
    await owner.page.getByText('There is no project "nowhere".').waitFor()
    await field.fill('park')
    await owner.page.keyboard.press('Enter')
    const row = owner.page.locator('tbody tr').filter({ hasText: 'The park' })
    await row.getByText('not answered yet').waitFor()
    forget(owner.problems, /400/)
    // Nobody answers for others.
    assert.equal(await row.getByRole('button').count(), 1)

    const member = await world().visitor({}, omar)
    await member.open(`/images/${uuid}`)
    assert.equal(await member.page.getByRole('button', { name: /^Edit / }).count(), 0)
    await member.page.getByText('This image is offered to The park').waitFor()
    await assertAccessible(member.page, 'the page of an image that is offered')
    await member.page.getByRole('button', { name: 'Accept' }).click()
    await member.page.getByText('This image is offered to The park').waitFor({ state: 'detached' })
    await member.open(`/images/${uuid}/history`)
    await member.page.getByText('Only the project of an image sees its history.').waitFor()
    await member.open(`/images/${uuid}/sharing`)
    await member.page.getByText('accepted', { exact: true }).waitFor()
    await member.page.getByRole('button', { name: 'Reject for The park' }).click()
    await member.page.getByText('rejected', { exact: true }).waitFor()

    await owner.page.reload()
    await row.getByText('rejected').waitFor()
    await owner.page.getByRole('tab', { name: 'History' }).click()
    await owner.page.getByText('Offer answered').first().waitFor()
    await owner.page.getByRole('tab', { name: 'Sharing' }).click()
    await row.getByRole('button', { name: 'Remove The park' }).click()
    await owner.page.getByText('It is offered to no project yet.').waitFor()
    // Whoever sees it no more is told at once.
    await member.page.getByText('There is nothing here').waitFor()
    await member.close()
    forget(member.problems, /404/)
  })

  test('it is taken out of use, brought back, downloaded and deleted', async () => {
    const { uuid, name } = await image({ protected: true })
    const { page, open } = hers
    await open(`/images/${uuid}`)
    const act = async (what: string) => {
      await page.getByRole('button', { name: 'Actions' }).click()
      await page.getByRole('menuitem', { name: what }).click()
    }
    await act('Deactivate')
    await page.getByText('deactivated', { exact: true }).waitFor()
    assert.equal((await now(uuid)).status, 'deactivated')
    await act('Reactivate')
    await page.getByText('active', { exact: true }).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ])
    assert.equal(download.suggestedFilename(), `${name}.raw`)
    assert.equal(await text(await download.createReadStream()), `bytes of ${uuid}`)

    await page.getByRole('button', { name: 'Actions' }).click()
    await assertAccessible(page, 'the menu of actions')
    assert.ok(await page.getByRole('menuitem', { name: /^Delete/ }).isDisabled())
    await page.keyboard.press('Escape')
    await page.getByRole('switch', { name: 'Protected' }).uncheck({ force: true })
    await becomes(uuid, 'it is not protected', (shown) => !shown.protected)
    await act('Delete')
    await page.getByRole('dialog').getByText(name).waitFor()
    await assertAccessible(page, 'the question before a deletion')
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.waitForURL(/\/ui\/images$/)
    await page.getByText(`${name} is deleted.`).waitFor()
    await assert.rejects(now(uuid), /404/)
  })

  test('the systems see what their commands bring to light', async () => {
    const { uuid, handle } = await image({ name: "Eva's image", properties: { os_distro: 'debian' } })
    // Danube shows images to those who manage them.
    await world().api('PATCH', '/users/eva', { grant: [{ project: 'acme', role: 'image_admin' }] })
    const { page, open } = hers
    const { token } = (await world().api('POST', '/users/eva/tokens', { label: 'seen' })) as { token: string }
    await open(`/images/${uuid}/seen-by`)
    const ran: string[] = []
    for (const system of ['Foreman', 'OneCloudPlanet', 'OpenStack', 'Danube Cloud', 'IMGAPI']) {
      await page.getByRole('tab', { name: system }).click()
      await page.getByRole('tabpanel', { name: system }).getByText('Answer').waitFor()
      const prepare = await copied(page, 'First, once in each shell')
      const command = await copied(page, 'Show it')
      const answer = await copied(page, 'Answer')
      const secret = system === 'OneCloudPlanet' ? token : eva.password
      const output = await shell(`${prepare}\n${command}`, secret)
      assert.deepEqual(comparable(JSON.parse(output)), comparable(JSON.parse(answer)), system)
      ran.push(command.split(' ')[0]!)
      if ((await page.getByRole('heading', { name: 'Download it' }).count()) === 0) continue
      const file = join(tmpdir(), `imageport-saved-${process.pid}`)
      const download = (await copied(page, 'Download it')).replace(/-o \S+$/, `-o ${file}`)
      assert.ok(download.endsWith(file), download)
      assert.equal(
        await shell(`${prepare}\n${download}\ncat ${file}; rm ${file}`, secret),
        `bytes of ${uuid}`,
      )
    }
    assert.deepEqual(ran, ['curl', 'curl', 'curl', 'curl', 'imgapi'])

    await page.getByRole('button', { name: 'Copy command' }).click()
    await page.getByRole('heading', { name: 'OpenStack' }).waitFor()
    await assertAccessible(page, 'the menu of commands')
    await page.getByRole('menuitem', { name: 'Download it openstack' }).click()
    assert.equal(
      await page.evaluate('navigator.clipboard.readText()'),
      `openstack image save --file ${handle}.raw ${uuid}`,
    )
  })

  /** What the button beside a block of text copies. */
  async function copied(page: Page, what: string): Promise<string> {
    await page.getByRole('button', { name: `Copy ${what}`, exact: true }).click()
    return String(await page.evaluate('navigator.clipboard.readText()'))
  }

  /** Runs what was copied, as people paste it, and types the secret that is asked for. */
  async function shell(script: string, secret: string): Promise<string> {
    const env = { PATH: process.env.PATH, SSH_KEY: keyFile }
    const child = spawn('bash', ['-c', script], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.on('error', () => {}) // commands without a question do not read it
    child.stdin.end(`${secret}\n`)
    const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)])
    assert.ok(output !== '', `${script}\n${complaints}`)
    return output
  }

  const comparable = (answer: object) => ({ ...answer, task_id: null })

  const tabs = ['facts', 'properties', 'sharing', 'registrations', 'history', 'seen-by']
  /** Looks at each part of the page by its tab. */
  async function eachTab(page: Page, look: (tab: string) => Promise<void>): Promise<void> {
    for (const tab of tabs) {
      await page.locator(`[role=tab][aria-controls="image-${tab}"]`).click()
      await page.locator(`#image-${tab}`).waitFor()
      await settled(page)
      assert.ok(page.url().endsWith(`/${tab}`), page.url())
      await look(tab)
    }
  }

  test('every part of it is for everybody, by day and by night', async () => {
    const facts = { visibility: 'shared', tags: ['a', 'b'], properties: { os_distro: 'debian' } }
    const { uuid } = await image(facts)
    await world().api('POST', `/images/${uuid}/members`, { project: 'park' })
    const { page, open } = hers
    await open(`/images/${uuid}`)
    for (const [theme, other] of [
      ['light', 'Dark theme'],
      ['dark', 'Light theme'],
    ] as const) {
      await eachTab(page, (tab) => assertAccessible(page, `${tab} in ${theme}`))
      await page.getByRole('button', { name: other }).click()
    }
  })

  test('it fits on a phone in all languages, whatever its names are', async () => {
    const { uuid } = await image(hostile, false)
    const { page, open } = hers
    await page.setViewportSize({ width: 375, height: 812 })
    await open(`/images/${uuid}`)
    const fits = async (tab: string) => {
      const width = Number(await page.evaluate('document.querySelector("#main").scrollWidth'))
      assert.ok(width <= 375, `${tab} is ${width} pixels wide`)
    }
    await eachTab(page, async (tab) => {
      await fits(tab)
      await assertAccessible(page, `${tab} on a phone`)
    })
    for (const [button, language, tag] of [
      ['Language', 'Français', 'fr'],
      ['Langue', '中文', 'zh'],
    ] as const) {
      await page.getByRole('button', { name: button }).click()
      await page.getByRole('menuitem', { name: language }).click()
      await page.locator(`html[lang=${tag}]`).waitFor()
      await eachTab(page, fits)
    }
  })

  test('an image that is not there, and a part that no image has', async () => {
    const { page, open, problems } = await world().visitor({}, omar)
    const { uuid } = await image()
    await open(`/images/${uuid}`)
    await page.getByText('There is nothing here').waitFor()
    await assertAccessible(page, 'the page of an image that is not there')
    await open(`/images/${uuid}/nonsense`)
    await page.getByText('There is no such page').waitFor()
    forget(problems, /404/)
  })
})
