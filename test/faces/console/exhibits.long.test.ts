import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import type { WireExhibit, WireExhibitList, WireSystem } from '../../../src/faces/console/wire-image.ts'
import { systems } from '../../../src/http/exhibit.ts'
import { localSecret } from './api.ts'
import { type ExhibitWorld, type Person, startExhibitWorld } from './exhibit-world.ts'

describe('an image as the systems see it', () => {
  let world: ExhibitWorld
  before(async () => {
    world = await startExhibitWorld()
  })
  after(() => world?.close())

  /** The requests of all exhibits are sent, and answered with what is exhibited, to the byte. */
  async function proven(as: Person, { uuid }: Image): Promise<Record<WireSystem, string>> {
    const exhibits = await world.exhibits(as, uuid)
    assert.deepEqual([...exhibits.keys()].sort(), [...systems].sort())
    const seen: [WireSystem, string][] = []
    for (const system of systems) {
      const exhibit = exhibits.get(system)!
      seen.push([system, exhibit.shown ? exhibit.request.path.replace(uuid, 'UUID') : exhibit.why])
      if (exhibit.shown) await demandTrue(exhibit, as)
    }
    return Object.fromEntries(seen) as Record<WireSystem, string>
  }

  async function demandTrue(exhibit: WireExhibit & { shown: true }, as: Person): Promise<void> {
    const { system, request, body, secret, prepare } = exhibit
    const project = /OS_PROJECT_NAME=(\S+)/.exec(prepare)?.[1]
    const answer = await world.ask(system, as, request.path, {
      ...(project ? { project } : {}),
      signed: secret !== 'none',
    })
    assert.equal(answer.status, 200, `${system} ${request.path} as ${as}: ${answer.text}`)
    if (system !== 'danube') {
      // Key order is part of some wires.
      assert.equal(JSON.stringify(JSON.parse(answer.text)), JSON.stringify(body))
      return
    }
    const [said, shown] = [JSON.parse(answer.text), body] as { task_id: string }[]
    // The end of a task id is of the request alone (danube.md 2.1).
    const known = (id: string) => id.slice(0, id.indexOf('-') + 9)
    assert.equal(known(shown!.task_id), known(said!.task_id))
    assert.deepEqual({ ...shown, task_id: '' }, { ...said, task_id: '' })
    assert.deepEqual(Object.keys(shown!), Object.keys(said!))
  }

  const foreman = (id: number) => `/api/compute_resources/1/images/${id}`
  async function registrationOf({ uuid }: Image): Promise<number> {
    const { id } = await world.server.core.database.db
      .selectFrom('registrations')
      .select('id')
      .where('uuid', '=', uuid)
      .executeTakeFirstOrThrow()
    return id
  }

  const rich = {
    name: 'Größe "<img src=x onerror=alert(1)>"',
    tags: ['b', 'a'],
    minDisk: 3,
    minRam: 512,
    properties: {
      os_distro: 'debian',
      os_version: '13',
      description: 'What it is',
      '<b>x</b>': 'y',
      os_admin_user: 'ops',
    },
  }

  test('to those who work in its project', async () => {
    const image = await world.image(rich, 'private bytes')
    const id = await registrationOf(image)
    const common = { foreman: foreman(id), openstack: '/v2/images/UUID', imgapi: '/images/UUID' }
    const user = '/backend/api/openstack/images/UUID'
    const managed = `/api/image/${image.handle}?extended=true`
    const attached = `/api/dc/acme/image/${image.handle}`
    assert.deepEqual(await proven('eva', image), { ...common, onecloudplanet: user, danube: attached })
    assert.deepEqual(await proven('irma', image), { ...common, onecloudplanet: user, danube: managed })
    assert.deepEqual(await proven('rita', image), { ...common, onecloudplanet: user, danube: 'permission' })
    // The first project of zoe is another, which has to be said where the caller chooses.
    assert.deepEqual(await proven('zoe', image), { ...common, onecloudplanet: user, danube: 'permission' })
    assert.deepEqual(await proven('root', image), {
      ...common,
      onecloudplanet: '/backend/staffapi/openstack/images/UUID',
      danube: managed,
    })
  })

  test('to those it is shared with, and to nobody else', async () => {
    const image = await world.image({ name: 'given', visibility: 'shared' }, 'bytes of given')
    const id = await registrationOf(image)
    await world.server.catalogue.members.add(systemActor, image.uuid, 3)
    const theirs = {
      foreman: foreman(id),
      onecloudplanet: '/backend/api/openstack/images/UUID',
      openstack: '/v2/images/UUID',
      imgapi: '/images/UUID',
    }
    assert.deepEqual(await proven('omar', image), { ...theirs, danube: 'permission' })
    await world.server.catalogue.members.decide(systemActor, image.uuid, 3, 'accepted')
    assert.deepEqual(await proven('omar', image), { ...theirs, danube: `/api/dc/park/image/${image.handle}` })
    await assert.rejects(world.exhibits('lone', image.uuid), /404/)
  })

  test('through the project that sees it, where somebody has several', async () => {
    const image = await world.image({ name: 'in park', ownerId: 3 }, 'bytes in park')
    const { openstack, onecloudplanet } = await proven('zoe', image)
    assert.deepEqual(
      [onecloudplanet, openstack],
      ['/backend/api/openstack/images/UUID?active_client=3', '/v2/images/UUID'],
    )
    const exhibit = (await world.exhibits('zoe', image.uuid)).get('openstack')!
    assert.match(exhibit.shown ? exhibit.prepare : '', /OS_PROJECT_NAME=park /)
  })

  test('public images need no credentials in a repository; who has no project sees them nowhere else', async () => {
    const image = await world.image({ name: 'open', visibility: 'public' }, 'open bytes')
    const seen = await world.exhibits('omar', image.uuid)
    await proven('omar', image)
    const { shown, ...imgapi } = seen.get('imgapi') as WireExhibit & { shown: true }
    assert.deepEqual([shown, imgapi.secret, imgapi.prepare], [true, 'none', ''])
    assert.equal((imgapi.body as { owner: string }).owner, '00000000-0000-0000-0000-000000000000')
    assert.deepEqual(await proven('lone', image), {
      foreman: 'permission',
      onecloudplanet: 'project',
      openstack: 'project',
      danube: 'permission',
      imgapi: '/images/UUID',
    })
  })

  test('what has no bytes yet is in no compute resource, and in a repository its publishers’ affair', async () => {
    const image = await world.image({ name: 'waiting', visibility: 'public' })
    const common = { foreman: 'no-bytes', onecloudplanet: '/backend/api/openstack/images/UUID' }
    const own = { ...common, openstack: '/v2/images/UUID' }
    assert.deepEqual(await proven('rita', image), { ...own, danube: 'permission', imgapi: '/images/UUID' })
    assert.deepEqual(await proven('omar', image), { ...own, danube: 'permission', imgapi: 'no-bytes' })
  })

  test('out of use, it stays registered, and there are no commands for its bytes', async () => {
    const image = await world.image({ name: 'out of use' }, 'bytes out of use')
    const downloads = async () =>
      [...(await world.exhibits('eva', image.uuid)).values()].flatMap((exhibit) =>
        exhibit.shown && exhibit.commands.some(({ purpose }) => purpose === 'download')
          ? [exhibit.system]
          : [],
      )
    assert.deepEqual((await downloads()).sort(), ['imgapi', 'onecloudplanet', 'openstack'])
    await world.server.catalogue.images.deactivate(systemActor, image.uuid)
    const seen = await proven('eva', image)
    assert.deepEqual([seen.foreman, seen.imgapi], [foreman(await registrationOf(image)), '/images/UUID'])
    assert.deepEqual(await downloads(), [])
  })

  test('taken off the compute resources, and failed', async () => {
    const { registrations } = world.server.catalogue
    const image = await world.image({ name: 'taken off' }, 'bytes taken off')
    const scope = { parent: { kind: 'compute-resource', id: 1 } } as const
    await registrations.remove(systemActor, scope, await registrationOf(image))
    assert.equal((await proven('eva', image)).foreman, 'unregistered')

    const failed = await world.image({ name: 'failed' })
    await world.server.core.database.db
      .updateTable('images')
      .set({ status: 'killed' })
      .where('uuid', '=', failed.uuid)
      .execute()
    const { foreman: inForeman, danube } = await proven('eva', failed)
    assert.deepEqual([inForeman, danube], ['failed', 'failed'])
  })

  test('who may not use an API, and who has no account', async () => {
    const image = await world.image({ name: 'of nobody' }, 'bytes of nobody')
    const { db } = world.server.core.database
    await db.updateTable('users').set({ api_access: 0 }).where('username', '=', 'irma').execute()
    world.server.catalogue.users.forget()
    assert.equal((await proven('irma', image)).danube, 'api-access')

    const response = await fetch(`${world.server.url}/ui/api/v1/images/${image.uuid}/exhibits`, {
      headers: { authorization: `Bearer ${localSecret}` },
    })
    const { exhibits } = (await response.json()) as WireExhibitList
    assert.deepEqual(
      exhibits.map((exhibit) => (exhibit.shown ? '' : exhibit.why)),
      systems.map(() => 'account'),
    )
  })

  test('commands hold no character that a terminal would act on, and quote all others', async () => {
    const name = "o'neil $(reboot) `x` \u001b[201~\n\u0003\u202e"
    const image = await world.image({ name, properties: { os_admin_user: "a'b\u001b;reboot" } }, 'hostile')
    for (const exhibit of (await world.exhibits('eva', image.uuid)).values()) {
      if (!exhibit.shown) continue
      for (const text of [exhibit.prepare, ...exhibit.commands.map((command) => command.text)]) {
        assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
        assert.doesNotMatch(text, /reboot\)/)
      }
    }
    const registered = (await world.exhibits('eva', image.uuid)).get('foreman')!
    const use = registered.shown
      ? registered.commands.find(({ tool, purpose }) => tool === 'hammer' && purpose === 'use')
      : null
    assert.ok(use!.text.endsWith(String.raw`--username 'a'\''b ;reboot'`), use!.text)
  })
})

test('what an installation has switched off says so', async () => {
  const world = await startExhibitWorld({ featuresOff: ['openstack.images'], identityOff: true })
  try {
    const image = await world.image({ name: 'plain' }, 'x')
    const exhibits = await world.exhibits('eva', image.uuid)
    for (const system of ['onecloudplanet', 'openstack'] as const)
      assert.deepEqual(exhibits.get(system), { system, shown: false, why: 'switched-off' })
  } finally {
    await world.close()
  }
})

test('in a repository with channels, an image of another channel is looked for in all of them', async () => {
  const world = await startExhibitWorld({ channels: ['release', 'dev'] })
  try {
    const image = await world.image(
      { name: 'dev', visibility: 'public', manifest: { v: 2, channels: ['dev'] } },
      'x',
    )
    const exhibit = (await world.exhibits('eva', image.uuid)).get('imgapi')!
    assert.ok(exhibit.shown)
    assert.equal(exhibit.request.path, `/images/${image.uuid}?channel=*`)
    const { text } = await world.ask('imgapi', 'eva', exhibit.request.path, { signed: false })
    assert.deepEqual(JSON.parse(text), exhibit.body)
    assert.match(exhibit.commands[0]!.text, /'[^']*\?channel=\*'$/)
  } finally {
    await world.close()
  }
})
