import { after, before, describe, test } from 'node:test'
import type { Visibility } from '../../../src/catalogue/images/image.ts'
import { type Ask, type Person, startWorld, v21, type World } from './world.ts'

/**
 * glance.md section 22 as it is written: eva is a member of the owner project and rita reads there, omar is a member of
 * another one and nora reads there.
 */
let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

const people = ['root', 'eva', 'rita', 'omar', 'nora'] as const satisfies readonly Person[]
type Statuses = readonly [root: number, eva: number, rita: number, omar: number, nora: number]

type Action = readonly [method: string, below: string, ask: Ask]
const patch = (operation: object): Action => [
  'PATCH',
  '',
  { body: JSON.stringify([operation]), headers: { 'content-type': v21 } },
]
const actions: Readonly<Record<string, Action>> = {
  show: ['GET', '', {}],
  download: ['GET', '/file', {}],
  change: patch({ op: 'replace', path: '/name', value: 'x' }),
  publicise: patch({ op: 'replace', path: '/visibility', value: 'public' }),
  'give to the community': patch({ op: 'replace', path: '/visibility', value: 'community' }),
  'change the owner': patch({ op: 'replace', path: '/owner', value: null }),
  upload: ['PUT', '/file', { data: 'x' }],
  stage: ['PUT', '/stage', { data: 'x' }],
  import: [
    'POST',
    '/import',
    { json: { method: { name: 'web-download', uri: 'http://images.example.org/x' } } },
  ],
  tag: ['PUT', '/tags/x', {}],
  deactivate: ['POST', '/actions/deactivate', {}],
  share: ['POST', '/members', { json: { member: 'x' } }],
  'list members': ['GET', '/members', {}],
  tasks: ['GET', '/tasks', {}],
  delete: ['DELETE', '', {}],
}

/** 409 where the caller may, and the image is active already. */
const tables: readonly (readonly [
  string,
  Visibility,
  'member' | 'stranger',
  Readonly<Record<string, Statuses>>,
])[] = [
  [
    'a private image',
    'private',
    'stranger',
    {
      show: [200, 200, 200, 404, 404],
      download: [200, 200, 403, 404, 404],
      change: [200, 200, 403, 404, 404],
      publicise: [200, 403, 403, 404, 404],
      'give to the community': [200, 200, 403, 404, 404],
      'change the owner': [200, 403, 403, 403, 403],
      upload: [409, 409, 403, 404, 404],
      stage: [409, 409, 403, 404, 404],
      // The image's status is looked at before the owner (13.2).
      import: [409, 409, 409, 404, 404],
      tag: [204, 204, 403, 404, 404],
      deactivate: [204, 204, 403, 404, 404],
      share: [403, 403, 403, 404, 404],
      'list members': [403, 403, 403, 404, 404],
      tasks: [200, 200, 200, 404, 404],
      delete: [204, 204, 403, 404, 404],
    },
  ],
  [
    'a shared image of whose members omar’s project is',
    'shared',
    'member',
    {
      show: [200, 200, 200, 200, 200],
      download: [200, 200, 403, 200, 403],
      change: [200, 200, 403, 403, 403],
      upload: [409, 409, 403, 403, 403],
      stage: [409, 409, 403, 403, 403],
      import: [409, 409, 409, 409, 409],
      tag: [204, 204, 403, 403, 403],
      deactivate: [204, 204, 403, 403, 403],
      share: [200, 200, 403, 403, 403],
      'list members': [200, 200, 200, 200, 200],
      tasks: [200, 200, 200, 200, 200],
      delete: [204, 204, 403, 403, 403],
    },
  ],
  [
    'a public image',
    'public',
    'stranger',
    {
      show: [200, 200, 200, 200, 200],
      download: [200, 200, 403, 200, 403],
      change: [200, 200, 403, 403, 403],
      upload: [409, 409, 403, 403, 403],
      import: [409, 409, 409, 409, 409],
      tag: [204, 204, 403, 403, 403],
      deactivate: [204, 204, 403, 403, 403],
      tasks: [200, 200, 200, 200, 200],
      delete: [204, 204, 403, 403, 403],
    },
  ],
  [
    'a community image',
    'community',
    'stranger',
    {
      show: [200, 200, 200, 200, 200],
      download: [200, 200, 403, 200, 403],
      change: [200, 200, 403, 403, 403],
      delete: [204, 204, 403, 403, 403],
    },
  ],
]

for (const [what, visibility, relation, table] of tables)
  describe(what, () => {
    /** What is refused leaves the image as it is, so that all refusals can be of one. */
    let untouched: string
    before(async () => {
      untouched = await image()
    })

    async function image(): Promise<string> {
      const { uuid } = await world.image({ visibility }, 'bytes')
      const json = { member: world.projects.other }
      if (relation === 'member')
        await world.expect('POST', `/images/${uuid}/members`, { as: 'eva', json }, 200)
      return uuid
    }

    for (const [name, statuses] of Object.entries(table))
      for (const [place, as] of people.entries())
        test(`${name} by ${as}: ${statuses[place]}`, async () => {
          const [method, below, ask] = actions[name]!
          const changes = method !== 'GET' && statuses[place]! < 300
          const id = changes ? await image() : untouched
          await world.expect(method, `/images/${id}${below}`, { ...ask, as }, statuses[place]!)
        })
  })

describe('what has no image', () => {
  const rows: readonly (readonly [string, string, Ask, Statuses])[] = [
    ['GET', '/images', {}, [200, 200, 200, 200, 200]],
    ['POST', '/images', { json: {} }, [201, 201, 403, 201, 403]],
    ['GET', '/tasks', {}, [200, 403, 403, 403, 403]],
    ['POST', '/tasks', { json: { type: 'import', input: {} } }, [403, 403, 403, 403, 403]],
    ['GET', '/info/import', {}, [200, 200, 200, 200, 200]],
    ['GET', '/info/usage', {}, [200, 200, 200, 200, 200]],
    ['GET', '/schemas/image', {}, [200, 200, 200, 200, 200]],
    ['POST', '/metadefs/namespaces', { json: { namespace: 'x' } }, [201, 403, 403, 403, 403]],
  ]
  for (const [method, path, ask, statuses] of rows)
    for (const [place, as] of people.entries())
      test(`${method} ${path} by ${as}: ${statuses[place]}`, async () => {
        await world.expect(method, path, { ...ask, as }, statuses[place]!)
      })
})
