import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../src/catalogue/actor.ts'
import type { Image } from '../../src/catalogue/images/image.ts'
import type { WireShown, WireSystem } from '../../src/faces/console/wire-image.ts'
import { type ExhibitWorld, type Person, startExhibitWorld } from '../faces/console/exhibit-world.ts'
import { debianPackage } from '../support/debian.ts'

const clients = await debianPackage('curl', 'openssl', 'python3-openstackclient', 'python3-glanceclient')
const ansible = await debianPackage('ansible', 'python3-requests')
const skip = clients && ansible ? false : 'Debian’s clients cannot be installed here'

/** The commands that the console gives to copy, run by a shell as people paste them, with the real clients. */
describe('commands of the exhibits', { skip }, () => {
  let world: ExhibitWorld
  let home: string
  before(async () => {
    world = await startExhibitWorld()
    home = await mkdtemp(join(tmpdir(), 'imageport-commands-'))
    await writeFile(join(home, 'key.pem'), world.key.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
    })
  })
  after(async () => {
    await world?.close()
    if (home) await rm(home, { recursive: true })
  })

  async function shell(script: string, secret: string, more: Readonly<Record<string, string>> = {}) {
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: home,
      SSH_KEY: join(home, 'key.pem'),
      LC_ALL: 'C.UTF-8',
      // The clients run under the system's own Python, whatever else there is.
      ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
      ANSIBLE_LOCALHOST_WARNING: 'False',
      ...more,
    }
    const child = spawn('bash', ['-c', script], { env, cwd: home, stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.on('error', () => {}) // commands without a question do not read it
    child.stdin.end(`${secret}\n`)
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)])
    assert.equal(await ended, 0, `${script}\n${complaints}${output}`)
    return output
  }

  async function shownTo(as: Person, { uuid }: Image, system: WireSystem): Promise<WireShown> {
    const exhibit = (await world.exhibits(as, uuid)).get(system)
    assert.ok(exhibit?.shown, `${system} does not show it to ${as}`)
    return exhibit
  }

  function command({ commands, prepare }: WireShown, purpose: string, tool: string): string {
    const found = commands.find((one) => one.purpose === purpose && one.tool === tool)
    assert.ok(found, `there is no ${tool} to ${purpose}`)
    return `${prepare === '' ? ':' : prepare}\n${found.text}`
  }

  let made = 0
  async function image(draft: object = {}): Promise<Image> {
    const properties = { os_distro: 'debian', os_admin_user: "o'ps" }
    return world.image({ name: `image ${++made} & "more"`, properties, ...draft }, `bytes ${made}`)
  }

  test('OpenStack’s own clients show and save it', async () => {
    const one = await image()
    const shown = await shownTo('eva', one, 'openstack')
    const [asTable, asGlance] = await Promise.all([
      shell(command(shown, 'show', 'openstack'), 'secret'),
      shell(command(shown, 'show', 'glance'), 'secret'),
    ])
    for (const said of [asTable, asGlance]) assert.match(said, new RegExp(`\\| id +\\| ${one.uuid}`))
    for (const tool of ['openstack', 'glance']) {
      await shell(command(shown, 'download', tool), 'secret')
      const saved = join(home, `${one.handle}.raw`)
      assert.equal(await readFile(saved, 'utf8'), `bytes ${made}`)
      await rm(saved)
    }
  })

  test('Foreman’s modules for Ansible show it, and curl registers it elsewhere', async () => {
    const one = await image()
    const shown = await shownTo('root', one, 'foreman')
    const said = await shell(command(shown, 'show', 'ansible'), 'secret')
    assert.ok(said.includes(`"uuid": "${one.uuid}"`), said)
    const { id } = await world.server.catalogue.computeResources.create(systemActor, {
      name: 'cluster',
      provider: 'Libvirt',
      url: 'qemu:///system',
    })
    const made = JSON.parse(
      await shell(command(shown, 'use', 'curl'), 'secret', { COMPUTE_RESOURCE: String(id) }),
    )
    assert.deepEqual([made.uuid, made.name, made.username], [one.uuid, one.handle, "o'ps"])
  })

  test('Danube’s API gives it to a datacenter', async () => {
    const one = await image()
    const shown = await shownTo('root', one, 'danube')
    const { status } = JSON.parse(
      await shell(command(shown, 'use', 'curl'), 'secret', { DATACENTER: 'park' }),
    )
    assert.equal(status, 'SUCCESS')
    const { members } = world.server.catalogue
    assert.deepEqual(
      (await members.list(systemActor, one.uuid)).map(({ project, status: state }) => [project.name, state]),
      [['park', 'accepted']],
    )
  })

  test('curl shows and saves it everywhere, whatever the password', async () => {
    const hard = `"p'a\\ss" $HOME \`x\` %s {} é`
    const entry = { username: 'irma', password: hard }
    await world.server.catalogue.directory.saveUser(systemActor, 'change', entry, {})
    const one = await image()
    for (const system of ['foreman', 'onecloudplanet', 'openstack', 'danube', 'imgapi'] as const) {
      const shown = await shownTo('irma', one, system)
      const secret = system === 'onecloudplanet' ? 't-irma' : hard
      const answer = JSON.parse(await shell(command(shown, 'show', 'curl'), secret))
      assert.deepEqual({ ...answer, task_id: '' }, { ...shown.body, task_id: '' }, system)
      if (!shown.commands.some(({ purpose }) => purpose === 'download')) continue
      await shell(command(shown, 'download', 'curl'), secret)
      const saved = join(home, `${one.handle}.raw`)
      assert.equal(await readFile(saved, 'utf8'), `bytes ${made}`, system)
      await rm(saved)
    }
  })
})
