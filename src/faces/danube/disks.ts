import type { DiskFacts } from '../../catalogue/places/instances/disks.ts'
import { fields, namePattern } from './fields.ts'
import { type Answer, type Context, done, type Route } from './route.ts'
import { diskView, onServer, serverOf } from './vm-wire.ts'

/** MB: 256 TB, beyond which no disk goes. */
const largest = 268_435_456

const numberOf = (context: Context): number => Number(context.segment('disk'))

function readDisk({ data }: Context): DiskFacts {
  const read = fields(data)
  const size = read.integer('size', { min: 1, max: largest })
  const none = data.image === null || data.image === ''
  const image = none ? null : read.text('image', { pattern: namePattern })
  const boot = read.boolean('boot')
  read.demand()
  return Object.fromEntries(Object.entries({ size, image, boot }).filter(([, value]) => value !== undefined))
}

async function list(context: Context): Promise<Answer> {
  const { actor, datacenter, parts } = context
  return done((await parts.catalogue.disks.list(actor, datacenter.id, serverOf(context))).map(diskView))
}

async function show(context: Context): Promise<Answer> {
  const { actor, datacenter, parts } = context
  const disk = await onServer(() =>
    parts.catalogue.disks.view(actor, datacenter.id, serverOf(context), numberOf(context)),
  )
  return done(diskView(disk))
}

async function add(context: Context): Promise<Answer> {
  const { actor, datacenter, parts } = context
  const disk = await onServer(() =>
    parts.catalogue.disks.add(actor, datacenter.id, serverOf(context), numberOf(context), () =>
      readDisk(context),
    ),
  )
  return done(diskView(disk), 201)
}

async function change(context: Context): Promise<Answer> {
  const { actor, datacenter, parts } = context
  const disk = await onServer(() =>
    parts.catalogue.disks.change(actor, datacenter.id, serverOf(context), numberOf(context), () =>
      readDisk(context),
    ),
  )
  return done(diskView(disk))
}

async function remove(context: Context): Promise<Answer> {
  const { actor, datacenter, parts } = context
  await onServer(() =>
    parts.catalogue.disks.remove(actor, datacenter.id, serverOf(context), numberOf(context)),
  )
  return done(null)
}

const at = { path: '/vm/:hostname/define/disk/:disk', scope: 'current', group: 'd' } as const
const segments = { disk: /^\d{1,6}$/ }

export const diskRoutes: readonly Route[] = [
  {
    ...at,
    method: 'GET',
    path: '/vm/:hostname/define/disk',
    summary: 'List the disks of a server',
    handle: list,
  },
  { ...at, segments, method: 'GET', summary: 'Show a disk of a server', handle: show },
  { ...at, segments, method: 'POST', summary: 'Add a disk to a server', handle: add },
  { ...at, segments, method: 'PUT', summary: 'Change a disk of a server', handle: change },
  { ...at, segments, method: 'DELETE', summary: 'Remove a disk from a server', handle: remove },
]
