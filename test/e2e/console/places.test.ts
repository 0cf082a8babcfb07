import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type {
  WireArchitectureDetail,
  WireComputeResourceDetail,
  WireOperatingSystem,
  WireTemplateList,
} from '../../../src/faces/console/wire-places.ts'
import { assertAccessible, eventually, forget, settled } from '../../support/browser.ts'
import { admin, describeConsole } from '../../support/console.ts'

describeConsole('places', (world) => {
  const eva = { username: 'eva', password: 'secret' }
  const rita = { username: 'rita', password: 'secret of rita' }
  let acme: number
  let system: WireOperatingSystem
  let architecture: WireArchitectureDetail
  let shown: WireComputeResourceDetail
  let image: { readonly uuid: string }

  const api = async <T>(method: string, path: string, body?: unknown) =>
    (await world().api(method, path, body)) as T

  before(async () => {
    await api('POST', '/users', { ...rita, grant: [{ project: 'acme', role: 'reader' }] })
    acme = (await api<{ id: number }>('GET', '/projects/acme')).id
    // Among several locations people see what is in theirs, which Foreman's clients say.
    const { users } = await api<{ users: { id: number }[] }>('GET', '/users?limit=100')
    const kyiv = { location: { user_ids: users.map(({ id }) => id) } }
    const answer = await fetch(`${world().server.url}/api/locations/7`, {
      method: 'PUT',
      headers: {
        authorization: `Basic ${Buffer.from(`${admin.username}:${admin.password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(kyiv),
    })
    assert.equal(answer.status, 200, await answer.text())
    architecture = await api('POST', '/architectures', { name: 's390x' })
    system = await api('POST', '/operating-systems', {
      name: 'fedora',
      major: '42',
      architectureIds: [architecture.id],
    })
    shown = await api('POST', '/compute-resources', {
      name: 'shown to all',
      provider: 'Libvirt',
      url: 'qemu+ssh://kvm.example.org/system',
      description: '<b>first</b> floor',
      password: 'nobody reads this',
      projectIds: [acme],
      locationIds: [7],
    })
    await api('POST', `/compute-resources/${shown.id}/registrations`, {
      name: 'fedora template',
      uuid: '/images/fedora.qcow2',
      username: 'fedora',
      operatingSystemId: system.id,
      architectureId: architecture.id,
    })
    image = await api('POST', '/images', {
      name: 'golden fedora',
      project: 'acme',
      visibility: 'public',
      diskFormat: 'raw',
      containerFormat: 'bare',
      properties: { os_distro: 'fedora', os_version: '42', architecture: 's390x', os_admin_user: 'fedora' },
    })
    await api('PUT', `/images/${image.uuid}/file`, new Uint8Array(1000).fill(77))
  })

  const dialogOf = (page: Page) => page.getByRole('dialog')
  const cells = (page: Page, label: string) => page.locator(`tbody td[data-label="${label}"]`).allInnerTexts()
  const rows = (page: Page, count: number) =>
    eventually(`there are ${count} rows`, async () => (await page.locator('tbody tr').count()) === count)
  const gone = (page: Page) =>
    eventually('the window is closed', async () => (await dialogOf(page).count()) === 0)

  /** Chooses by typing a part of the name, without a mouse. */
  async function pick(page: Page, label: string, typed: string, wanted: string): Promise<void> {
    await dialogOf(page).getByRole('combobox', { name: label, exact: true }).focus()
    await page.keyboard.type(typed)
    // Its name is followed by what tells it from others.
    await dialogOf(page)
      .getByRole('option', { name: new RegExp(`^${wanted}`) })
      .waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
  }

  /** Opens the menu of a row and chooses from it. */
  async function inRow(page: Page, name: string, action: string): Promise<void> {
    await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click()
    await page.getByRole('menuitem', { name: action, exact: true }).click()
    await dialogOf(page).waitFor()
  }

  test('a compute resource is added, changed and deleted; a password is never shown', async () => {
    const { page, open, problems } = await world().visitor()
    await open('/compute-resources')
    await page.getByRole('button', { name: 'Add a compute resource' }).click()
    const dialog = dialogOf(page)
    await dialog.getByLabel('Provider').selectOption('Openstack')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await dialog.getByText('This is needed.').nth(1).waitFor()
    assert.equal(await dialog.getByText('This is needed.').count(), 2)
    assert.equal(
      await dialog.getByRole('textbox', { name: 'Name', exact: true }).getAttribute('aria-invalid'),
      'true',
    )
    await assertAccessible(page, 'what is wrong with a compute resource')
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('our cloud')
    await dialog
      .getByRole('textbox', { name: 'Address', exact: true })
      .fill('https://keystone.example.org:5000/v3')
    await dialog.getByRole('textbox', { name: 'User name', exact: true }).fill('foreman')
    await dialog.getByLabel('Password', { exact: true }).fill('top secret')
    await dialog.getByRole('textbox', { name: 'Project (tenant)', exact: true }).fill('images')
    await pick(page, 'Projects', 'ACM', 'acme')
    await assertAccessible(page, 'a choice that is open')
    // The first closes the list of choices, and not the window.
    await page.keyboard.press('Escape')
    assert.equal(await dialog.count(), 1)
    await dialog.getByRole('button', { name: 'Create' }).click()
    await page.waitForURL(/\/compute-resources\/\d+$/)
    await page.getByRole('heading', { level: 1, name: 'our cloud' }).waitFor()
    await settled(page)
    const facts = await page.locator('dl').innerText()
    for (const fact of ['OpenStack', 'https://keystone.example.org:5000/v3', 'foreman', 'images', 'acme'])
      assert.ok(facts.includes(fact), `${fact} is not among ${facts}`)
    assert.ok(!(await page.content()).includes('top secret'))

    await page.getByRole('button', { name: 'Edit' }).click()
    assert.equal(await dialog.getByLabel('Password', { exact: true }).inputValue(), '')
    await dialog.getByRole('textbox', { name: 'Description', exact: true }).fill('<i>ours</i>')
    await dialog.getByRole('checkbox', { name: 'Remove the one that is kept' }).check()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await gone(page)
    await page.locator('dl').getByText('<i>ours</i>').waitFor()
    const id = Number(/(\d+)$/.exec(page.url())![1])
    const after = await api<WireComputeResourceDetail>('GET', `/compute-resources/${id}`)
    assert.deepEqual(
      [after.hasPassword, after.username, after.attributes.tenant, after.projects.map(({ name }) => name)],
      [false, 'foreman', 'images', ['acme']],
    )

    // What others change arrives by itself.
    await api('PATCH', `/compute-resources/${id}`, { name: 'their cloud' })
    await page.getByRole('heading', { level: 1, name: 'their cloud' }).waitFor()

    await page.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByText('Nothing is registered with it.').waitFor()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.waitForURL(/\/compute-resources$/)
    await page.getByText('their cloud was deleted').waitFor()
    await settled(page)
    assert.ok(!(await cells(page, 'Name')).includes('their cloud'))
    forget(problems, /400/)
  })

  test('the list is searched, filtered and sorted by its address', async () => {
    const { page, open } = await world().visitor()
    await open('/compute-resources?search=FLOOR')
    assert.deepEqual(await cells(page, 'Name'), ['shown to all'])
    assert.deepEqual(await cells(page, 'Description'), ['<b>first</b> floor'])
    await open('/compute-resources')
    await page.getByRole('button', { name: 'Provider' }).first().click()
    await page.getByRole('option', { name: 'This catalogue' }).click()
    await page.waitForURL(/provider=Catalogue/)
    await rows(page, 1)
    await page.getByRole('button', { name: 'Clear all filters' }).first().click()
    await page.waitForURL((url) => !url.searchParams.has('provider'))
    await rows(page, 2)
    await page.getByRole('button', { name: 'Name', exact: true }).click()
    await page.waitForURL(/sort=-name/)
    await eventually('the order is turned round', async () =>
      (await cells(page, 'Name'))[0]!.startsWith('shown'),
    )
    await open('/compute-resources?search=nothing+at+all')
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
  })

  test('an image is registered, changed and un-registered', async () => {
    const { page, open, problems } = await world().visitor({}, eva)
    await open(`/compute-resources/${shown.id}`)
    await rows(page, 1)
    await page.getByRole('button', { name: 'Register an image' }).click()
    const dialog = dialogOf(page)
    await dialog.getByRole('button', { name: 'Register an image' }).click()
    await eventually(
      'five fields are missing',
      async () => (await dialog.getByText('This is needed.').count()) === 5,
    )
    await assertAccessible(page, 'what is wrong with a registration')
    await pick(page, 'Take over an image of the catalogue', 'golden', 'golden fedora')
    await eventually(
      'the image fills the form',
      async () =>
        (await dialog.getByRole('textbox', { name: 'Login user', exact: true }).inputValue()) === 'fedora' &&
        (await dialog.getByRole('textbox', { name: 'Template', exact: true }).inputValue()) === image.uuid,
    )
    assert.equal(
      await dialog.getByRole('combobox', { name: 'Operating system', exact: true }).inputValue(),
      'fedora 42',
    )
    assert.equal(
      await dialog.getByRole('combobox', { name: 'Architecture', exact: true }).inputValue(),
      's390x',
    )
    await dialog.getByLabel('Password', { exact: true }).fill('top secret')
    await dialog.getByRole('button', { name: 'Register an image' }).click()
    await gone(page)
    await rows(page, 2)
    assert.equal(
      await page.getByRole('link', { name: 'golden fedora' }).getAttribute('href'),
      `/ui/images/${image.uuid}`,
    )
    await inRow(page, 'golden fedora', 'Edit')
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('fedora template')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('There is one already.').waitFor()
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('the other template')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await gone(page)
    await page.getByRole('link', { name: 'the other template' }).waitFor()
    const path = `/compute-resources/${shown.id}/registrations`
    const { registrations } = await api<WireTemplateList>('GET', `${path}?search=other`)
    assert.deepEqual(
      registrations.map(({ hasPassword, uuid, username }) => [hasPassword, uuid, username]),
      [[true, image.uuid, 'fedora']],
    )
    await inRow(page, 'the other template', 'Un-register')
    await assertAccessible(page, 'the question before un-registering')
    await dialog.getByRole('button', { name: 'Un-register' }).click()
    await gone(page)
    await rows(page, 1)
    forget(problems, /400/)
  })

  test('on the catalogue a registration is the image; it goes, and comes back by its UUID', async () => {
    const { page, open } = await world().visitor({}, eva)
    await open('/compute-resources/1?search=golden')
    await page.getByText('follows the image').waitFor()
    const dialog = dialogOf(page)
    await inRow(page, 'golden fedora', 'Edit')
    await dialog.getByText('This registration is the image itself').waitFor()
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('golden fedora two')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await gone(page)
    await page.getByRole('link', { name: 'golden fedora two' }).waitFor()
    assert.equal((await api<{ name: string }>('GET', `/images/${image.uuid}`)).name, 'golden fedora two')
    await inRow(page, 'golden fedora two', 'Un-register')
    await dialog.getByRole('button', { name: 'Un-register' }).click()
    await gone(page)
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
    await page.getByRole('button', { name: 'Register an image' }).click()
    await pick(page, 'Image', 'golden', 'golden fedora two')
    await pick(page, 'Operating system', 'fedo', 'fedora 42')
    await pick(page, 'Architecture', 's390', 's390x')
    await dialog.getByRole('textbox', { name: 'Login user', exact: true }).fill('root')
    await dialog.getByRole('button', { name: 'Register an image' }).click()
    await gone(page)
    await rows(page, 1)
    assert.deepEqual(await cells(page, 'Login user'), ['root'])
  })

  test('operating systems and architectures are added, put together and deleted, unless an image has them', async () => {
    const { page, open, problems } = await world().visitor()
    const dialog = dialogOf(page)
    await open('/architectures')
    await page.getByRole('button', { name: 'Add an architecture' }).click()
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('risc v')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await dialog.getByText('No spaces, please.').waitFor()
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('riscv64')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await gone(page)
    await page.getByRole('link', { name: 'riscv64' }).waitFor()

    await open('/operating-systems')
    await page.getByRole('button', { name: 'Add an operating system' }).click()
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('debian')
    await dialog.getByRole('textbox', { name: 'Major version', exact: true }).fill('13')
    await pick(page, 'Architectures', 'risc', 'riscv64')
    await page.keyboard.press('Escape')
    await dialog.getByRole('button', { name: 'Create' }).click()
    // Debian has release names.
    await dialog.getByText('This is needed.').waitFor()
    await dialog.getByRole('textbox', { name: 'Release name', exact: true }).fill('Trixie')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await gone(page)
    await page.getByRole('link', { name: 'debian 13' }).click()
    await page.getByRole('heading', { level: 1, name: 'debian 13' }).waitFor()
    await page.locator('dl').getByText('trixie').waitFor()
    await page.getByRole('button', { name: 'Edit' }).click()
    await dialog.getByRole('button', { name: 'Take riscv64 away' }).click()
    await dialog.getByRole('textbox', { name: 'Description', exact: true }).fill('Debian GNU/Linux 13')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { level: 1, name: 'Debian GNU/Linux 13' }).waitFor()
    await page.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.waitForURL(/\/operating-systems$/)
    await page.getByText('Debian GNU/Linux 13 was deleted').waitFor()

    // One that an image of the catalogue says it has.
    const uuid = (await api<{ uuid: string }>('POST', '/images', {
      name: 'plan nine',
      diskFormat: 'raw',
      containerFormat: 'bare',
      properties: { os_distro: 'plan9', architecture: 'riscv64' },
    })) as { uuid: string }
    await api('PUT', `/images/${uuid.uuid}/file`, new Uint8Array(500).fill(9))
    await open('/operating-systems?search=plan9')
    await inRow(page, 'plan9', 'Delete')
    await dialog.getByText('The image that is registered with it is un-registered.').waitFor()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await dialog
      .getByText('It is still needed, so it stays. The server says: plan9 is used by plan nine.')
      .waitFor()
    await assertAccessible(page, 'why an operating system stays')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await api('DELETE', `/images/${uuid.uuid}`)
    await open('/architectures?search=riscv')
    await inRow(page, 'riscv64', 'Delete')
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await gone(page)
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
    forget(problems, /40[09]/)
  })

  test('others see what they may, and are offered nothing that is refused', async () => {
    const buttons = async (page: Page) =>
      (await page.locator('#main').getByRole('button').allInnerTexts()).join(' ')
    const own = await world().visitor({}, eva)
    await own.open('/compute-resources')
    assert.doesNotMatch(await buttons(own.page), /Add/)
    assert.equal(await own.page.getByRole('button', { name: /^Actions for/ }).count(), 0)
    await own.open(`/compute-resources/${shown.id}`)
    assert.match(await buttons(own.page), /Edit/)
    assert.doesNotMatch(await buttons(own.page), /Delete/)
    await own.page.getByRole('button', { name: 'Edit' }).click()
    const dialog = dialogOf(own.page)
    await dialog.getByText('for administrators to change').waitFor()
    assert.equal(await dialog.getByRole('textbox', { name: 'Address', exact: true }).count(), 0)
    await dialog.getByLabel('Display type').selectOption('spice')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await gone(own.page)
    await own.page.locator('dl').getByText('spice').waitFor()

    const reader = await world().visitor({}, rita)
    for (const path of [
      `/compute-resources/${shown.id}`,
      `/operating-systems/${system.id}`,
      `/architectures/${architecture.id}`,
      '/operating-systems',
      '/architectures',
    ]) {
      await reader.open(path)
      assert.doesNotMatch(await buttons(reader.page), /Edit|Delete|Add|Register/, path)
      assert.equal(await reader.page.getByRole('button', { name: /^Actions for/ }).count(), 0, path)
    }
    await reader.open(`/operating-systems/${system.id}`)
    await reader.page.getByRole('link', { name: 'shown to all' }).waitFor()
    await reader.open('/compute-resources/4711')
    await reader.page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
    forget(reader.problems, /404/)
  })

  for (const view of [
    {},
    { theme: 'dark' },
    { width: 375, height: 800 },
    { language: 'fr' },
    { language: 'zh', theme: 'dark', width: 375 },
  ] as const)
    test(`they are for everybody: ${JSON.stringify(view)}`, async () => {
      const { page, open } = await world().visitor(view)
      for (const path of [
        '/compute-resources',
        `/compute-resources/${shown.id}`,
        '/operating-systems',
        `/operating-systems/${system.id}`,
        '/architectures',
        `/architectures/${architecture.id}`,
      ]) {
        await open(path)
        // Languages change nothing of what it finds.
        if (!('language' in view)) await assertAccessible(page, path)
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        assert.ok(Number(overflow) <= 0, `${path} is ${overflow} pixels too wide`)
      }
      await open(`/compute-resources/${shown.id}`)
      await page.locator('.pf-v6-c-toolbar button.pf-m-primary').click()
      await dialogOf(page).waitFor()
      await assertAccessible(page, 'the form of a registration')
    })
})
