import { isFailure } from '../../catalogue/failure.ts'
import type { Datacenter } from '../../catalogue/people/datacenters/datacenter.ts'
import type { DatacenterFacts } from '../../catalogue/people/datacenters/datacenters.ts'
import { toMicros } from '../../catalogue/time.ts'
import { refuse } from './failures.ts'
import { type Fields, fields, namePattern, noSuchObject, required } from './fields.ts'
import { type Answer, type Context, done, type Route } from './route.ts'

/** Datacenters (danube.md 4.3). */
export const datacenterRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/dc',
    summary: 'List datacenters',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, full, extended, orderBy }) {
      const order = orderBy(['name', 'created'], 'name')
      const { datacenters } = parts.catalogue
      if (!full && !extended) return done(await datacenters.names(actor, order))
      return done((await datacenters.list(actor, order, extended)).map(toWire))
    },
  },
  {
    method: 'GET',
    path: '/dc/:dc',
    summary: 'Show a datacenter',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment, extended }) {
      return answer(await parts.catalogue.datacenters.view(actor, segment('dc'), extended))
    },
  },
  {
    method: 'POST',
    path: '/dc/:dc',
    summary: 'Create a datacenter',
    scope: 'main',
    group: 'u',
    async handle(context) {
      const { actor, data } = context
      const { datacenters } = context.parts.catalogue
      const name = context.segment('dc')
      await datacenters.demandFree(actor, name)
      const read = fields(data)
      read.check('name', name, { max: longestName, pattern: namePattern })
      const said = await readFacts(context, read)
      if (!read.has('site')) read.fail('site', required)
      read.demand()
      const usual = {
        label: name,
        site: '',
        ownerId: actor.userId,
        access: 'private',
        description: '',
      } as const
      return answer(await datacenters.create(actor, name, { ...usual, ...said }), 201)
    },
  },
  {
    method: 'PUT',
    path: '/dc/:dc',
    summary: 'Change a datacenter',
    scope: 'main',
    group: 'u',
    async handle(context) {
      const { actor, data } = context
      const { datacenters } = context.parts.catalogue
      const { name } = await datacenters.forChange(actor, context.segment('dc'))
      const read = fields(data)
      const said = await readFacts(context, read)
      read.demand()
      return answer(await datacenters.change(actor, name, said))
    },
  },
  {
    method: 'DELETE',
    path: '/dc/:dc',
    summary: 'Delete a datacenter',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment }) {
      try {
        const { owner } = await parts.catalogue.datacenters.remove(actor, segment('dc'))
        return { kind: 'done', result: null, owner: owner?.id ?? null }
      } catch (error) {
        const words = isFailure(error, 'conflict') && stillNeeded[error.detail.reason ?? '']
        throw words ? refuse(428, words) : error
      }
    },
  },
]

const longestName = 16
/** Host names and addresses under which a datacenter's own pages are. */
const sitePattern = /^[a-z0-9][a-z0-9.:-]+[a-z0-9]$/
const longestSite = 260

const stillNeeded: Readonly<Record<string, string>> = {
  'built-in': 'Default datacenter cannot be deleted',
  nodes: 'Datacenter has nodes',
  instances: 'Datacenter has VMs',
  images: 'Datacenter has images',
  nested: 'Datacenter has nested datacenters',
}

/** What was said of a datacenter; what is wrong with it is noted in `read`. */
async function readFacts({ parts }: Context, read: Fields): Promise<Partial<DatacenterFacts>> {
  const label = read.text('alias', { max: 32 })
  const site = read.text('site', { max: longestSite, pattern: sitePattern })
  const username = read.text('owner', { pattern: null })
  const access = read.choice('access', [1, 3])
  const description = read.text('desc', { max: 128, empty: true })
  const ownerId = username === undefined ? undefined : await parts.catalogue.users.idOfActive(username)
  if (ownerId === null)
    read.fail('owner', username === 'None' ? required : noSuchObject('username', username!))
  return {
    ...(label === undefined ? {} : { label }),
    ...(site === undefined ? {} : { site }),
    ...(typeof ownerId === 'number' ? { ownerId } : {}),
    ...(access === undefined ? {} : { access: access === 1 ? 'public' : 'private' }),
    ...(description === undefined ? {} : { description }),
  }
}

function answer(datacenter: Datacenter, status: 200 | 201 = 200): Answer {
  return { kind: 'done', result: toWire(datacenter), status, owner: datacenter.owner?.id ?? null }
}

function toWire({ groups, counters, ...datacenter }: Datacenter): object {
  return {
    name: datacenter.name,
    alias: datacenter.label,
    site: datacenter.site,
    owner: datacenter.owner?.username ?? '',
    access: datacenter.access === 'public' ? 1 : 3,
    desc: datacenter.description,
    created: toMicros(datacenter.createdAt),
    ...(groups === null ? {} : { groups }),
    ...(counters === null
      ? {}
      : {
          vms: counters.vms,
          nodes: counters.nodes,
          snapshots: counters.snapshots,
          backups: 0,
          real_vms: counters.vms,
          size_vms: counters.sizeVms,
          size_snapshots: counters.sizeSnapshots,
          size_backups: 0,
        }),
  }
}
