import assert from 'node:assert/strict'
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

describeConsole('people in the console', (world) => {
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
    for (let n = 1; n <= 21; n++)
      await world().api('POST', '/projects', { name: `tenant-${n}`, quotaBytes: n * 1e9 })
  })

  test('a project is made, with quotas, and changed', async () => {
    const { page, open, problems } = await come()
    await open('/projects')
    await page.getByRole('button', { name: 'New project' }).click()
    await field(page, 'Name').fill('acme')
    await field(page, 'Space for images').fill('1.5')
    await field(page, 'Images').fill('many')
    await press(page, 'Create')
    await page.getByRole('dialog').getByText('Write a number, or nothing for no limit.').waitFor()
    await field(page, 'Images').fill('10')
    await press(page, 'Create')
    await page.getByRole('dialog').getByText('This name is taken.').waitFor()
    await assertAccessible(page, 'a form with what was refused')
    await field(page, 'Name').fill('press')
    await press(page, 'Create')
    await page.waitForURL(/\/ui\/projects\/press$/)
    await page.getByText('0 bytes of 1.5 GB').waitFor()
    await page.getByText('0 of 10').waitFor()
    await page.getByRole('button', { name: 'Edit' }).click()
    assert.equal(await field(page, 'Space for images').inputValue(), '1.5')
    await field(page, 'Space for images').fill('')
    await field(page, 'Label').fill('The press <b>office</b>')
    await press(page, 'Save')
    await page.getByText('press was changed').waitFor()
    await page.getByText('The press <b>office</b>').first().waitFor()
    await eventually(
      'two quotas are gone',
      async () => (await page.getByText('0 bytes, without a limit').count()) === 2,
    )
    forget(problems, /409/)
  })

  test('projects are searched and paged by their address', async () => {
    const { page, open } = await come()
    await open('/projects?search=tenant&page=2')
    assert.equal(await page.locator('tbody tr').count(), 1)
    await page.getByRole('textbox', { name: 'Search by name or label' }).fill('tenant-2')
    await page.waitForURL((url) => url.searchParams.get('search') === 'tenant-2')
    await eventually('three are left', async () => (await page.locator('tbody tr').count()) === 3)
    await page.getByRole('textbox', { name: 'Search by name or label' }).fill('nothing like it')
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
  })

  test('a user is made, given a role, and comes in', async () => {
    const { page, open, problems } = await come()
    await open('/users')
    await page.getByRole('button', { name: 'New user' }).click()
    await field(page, 'User name').fill(petra.username)
    await field(page, 'Password').fill(petra.password)
    await field(page, 'First name').fill('Petra')
    await field(page, 'Default project').fill('no such project')
    await press(page, 'Create')
    await page.getByRole('dialog').getByText('There is no such project.').waitFor()
    await field(page, 'Default project').fill('press')
    await press(page, 'Create')
    await page.waitForURL(/\/ui\/users\/petra$/)
    await page.getByRole('button', { name: 'Give a role' }).click()
    await field(page, 'Project').fill('press')
    await field(page, 'Role').selectOption('owner')
    await assertAccessible(page, 'giving a role')
    await press(page, 'Give a role')
    await row(page, 'press').getByText('Owner').waitFor()

    const hers = await come({}, petra)
    await hers.open('/projects')
    assert.deepEqual(await hers.page.locator('tbody td[data-label=Name] a').allInnerTexts(), ['press'])
    for (const absent of ['Users', 'Groups', 'Settings and health'])
      assert.equal(await hers.page.getByRole('link', { name: absent, exact: true }).count(), 0, absent)
    assert.equal(await hers.page.getByRole('button', { name: 'New project' }).count(), 0)
    await hers.page.getByRole('link', { name: 'press' }).click()
    await hers.page.getByRole('heading', { name: 'Your roles' }).waitFor()
    for (const absent of ['Edit', 'Actions', 'Give a role'])
      assert.equal(await hers.page.getByRole('button', { name: absent }).count(), 0, absent)
    await hers.open('/settings')
    assert.equal(await hers.page.getByRole('heading', { name: 'Settings', exact: true }).count(), 0)
    await hers.page.getByRole('link', { name: /OpenAPI/ }).waitFor()
    for (const path of ['/users', '/users/petra', '/groups', '/groups/any']) {
      await hers.open(path)
      await hers.page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    }
    await hers.close()

    // The role goes where it came from, at once and without asking again.
    await row(page, 'press')
      .getByRole('button', { name: /Actions for Owner/ })
      .click()
    await page.getByRole('menuitem', { name: 'Take the role away' }).click()
    await press(page, 'Take the role away')
    await page.getByText('There are no roles.').waitFor()
    await world().api('PATCH', '/users/petra', { grant: [{ project: 'press', role: 'member' }] })
    await row(page, 'press').getByText('Member').waitFor()
    forget(problems, /400/)
  })

  test('an administrator gives a new password, and shuts somebody out', async () => {
    const { page, open, problems } = await come()
    await open('/users/petra')
    await choose(page, 'Actions', 'Set a new password for petra')
    await field(page, 'New password').fill(petra.password)
    await field(page, 'New password once more').fill(petra.password)
    await press(page, 'Set the password')
    await page.getByText('petra has a new password').waitFor()
    const hers = await come({}, petra)
    await choose(page, 'Actions', 'Disable')
    await press(page, 'Disable')
    await page.getByText('disabled', { exact: true }).waitFor()
    await hers.page.locator('#username').waitFor()
    await choose(page, 'Actions', 'Enable')
    await press(page, 'Enable')
    await page.getByText('enabled', { exact: true }).waitFor()

    // Neither oneself nor what is needed.
    await open('/users/admin')
    assert.equal(await page.getByRole('button', { name: 'Actions', exact: true }).count(), 0)
    await open('/projects/main')
    await choose(page, 'Actions', 'Delete')
    await press(page, 'Delete')
    await page.getByText('What every installation has cannot be deleted.').waitFor()
    await press(page, 'Cancel')
    await open('/projects/tenant-21')
    await choose(page, 'Actions', 'Delete')
    await press(page, 'Delete')
    await page.waitForURL(/\/ui\/projects$/)
    await page.getByText('tenant-21 was deleted').waitFor()
    // What is gone may be asked for once more by those who have just heard of its end.
    forget(problems, /40[49]/)
    forget(hers.problems, /401/)
  })

  test('a group gives its users its roles', async () => {
    const { page, open, problems } = await come()
    await open('/groups')
    await page.getByRole('heading', { name: 'There are no groups' }).waitFor()
    await page.getByRole('button', { name: 'New group' }).click()
    await field(page, 'Name').fill('photographers / others')
    await press(page, 'Create')
    await page.waitForURL(/\/ui\/groups\//)
    await page.getByRole('button', { name: 'Add a user' }).click()
    await field(page, 'User name').fill('nobody')
    await press(page, 'Add a user')
    await page.getByRole('dialog').getByText('There is no such user.').waitFor()
    await field(page, 'User name').fill('PETRA')
    await press(page, 'Add a user')
    await row(page, 'petra').waitFor()
    await page.getByRole('button', { name: 'Give a role' }).click()
    await field(page, 'Project').fill('acme')
    await field(page, 'Role').selectOption('reader')
    await press(page, 'Give a role')
    await row(page, 'acme').waitFor()
    await assertAccessible(page, 'a group')
    await page.reload()
    await settled(page)
    const hers = await come({}, petra)
    await hers.open('/projects')
    assert.deepEqual(await hers.page.locator('tbody td[data-label=Name] a').allInnerTexts(), [
      'acme',
      'press',
    ])
    await page.getByRole('button', { name: 'Delete' }).click()
    await press(page, 'Delete')
    await page.getByRole('heading', { name: 'There are no groups' }).waitFor()
    await eventually('the list of projects follows', async () => {
      const shown = await hers.page.locator('tbody td[data-label=Name] a').allInnerTexts()
      return shown.join() === 'press'
    })
    forget(problems, /40[04]/)
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
      for (const path of ['/projects', '/projects/acme', '/users', '/users/eva', '/groups']) {
        await open(path)
        await assertAccessible(page, path)
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        assert.ok(Number(overflow) <= 0, `${path} is ${overflow} pixels too wide`)
      }
    })
})
