import type { Ostype } from '../../catalogue/manifests/ostype.ts'
import type { InstancePatch } from '../../catalogue/places/instances/instances.ts'
import { type StateChange, stateChanges } from '../../catalogue/places/instances/states.ts'
import { readCallback } from './callback-fields.ts'
import { flag } from './data.ts'
import { fields, namePattern, noSuchObject } from './fields.ts'
import { type Answer, begun, type Context, done, type Route } from './route.ts'
import { definitionView, onServer, serverOf, vmView } from './vm-wire.ts'

const ostypes: readonly Ostype[] = [1, 2, 3, 4, 5, 6]
const hostnameRule = { max: 128, pattern: namePattern }
const most = { vcpus: 64, ram: 524_288 }
const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

async function list(context: Context): Promise<Answer> {
  const { actor, datacenter, parts } = context
  const [order] = context.orderBy(['hostname'], 'hostname')
  const found = await parts.catalogue.instances.list(actor, datacenter.id, order!.descending)
  return done(context.full || context.extended ? found.map(vmView) : found.map(({ hostname }) => hostname))
}

async function show(context: Context): Promise<Answer> {
  const { actor, datacenter, parts } = context
  const instance = await parts.catalogue.instances.named(actor, datacenter.id, serverOf(context))
  return { kind: 'done', result: vmView(instance), owner: instance.owner?.id ?? null }
}

async function showDefinition(context: Context): Promise<Answer> {
  const { actor, datacenter, parts } = context
  const instance = await parts.catalogue.instances.named(actor, datacenter.id, serverOf(context))
  return { kind: 'done', result: definitionView(instance), owner: instance.owner?.id ?? null }
}

async function define(context: Context): Promise<Answer> {
  const { actor, datacenter, data, parts } = context
  const { instances } = parts.catalogue
  const hostname = serverOf(context)
  await instances.demandNew(actor, datacenter.id, hostname)
  const read = fields(data)
  read.check('hostname', hostname, hostnameRule)
  const { vcpus, ram, ...said } = await readDefinition(context, read, true)
  const uuid = actor.superAdmin ? read.text('uuid', { pattern: uuidPattern })?.toLowerCase() : undefined
  read.demand()
  const draft = { ...said, hostname, vcpus: vcpus!, ram: ram!, ...(uuid === undefined ? {} : { uuid }) }
  const instance = await instances.define(actor, datacenter.id, draft)
  return { kind: 'done', result: definitionView(instance), status: 201, owner: instance.owner?.id ?? null }
}

async function redefine(context: Context): Promise<Answer> {
  const { actor, datacenter, data, parts } = context
  const { instances } = parts.catalogue
  await instances.demandManaged(actor, datacenter.id, serverOf(context))
  const read = fields(data)
  const hostname = read.text('hostname', hostnameRule)
  const said = await readDefinition(context, read, false)
  read.demand()
  const patch: InstancePatch = { ...said, ...(hostname === undefined ? {} : { hostname }) }
  const instance = await instances.redefine(actor, datacenter.id, serverOf(context), patch)
  return { kind: 'done', result: definitionView(instance), owner: instance.owner?.id ?? null }
}

async function undefine(context: Context): Promise<Answer> {
  const { actor, datacenter, parts } = context
  await parts.catalogue.instances.undefine(actor, datacenter.id, serverOf(context))
  return done(null)
}

/** What the definition of a server says, as far as an image service needs it. */
async function readDefinition(
  { parts, data }: Context,
  read: ReturnType<typeof fields>,
  required: boolean,
): Promise<Omit<InstancePatch, 'hostname'>> {
  const vcpus = read.integer('vcpus', { min: 1, max: most.vcpus, required })
  const ram = read.integer('ram', { min: 1, max: most.ram, required })
  const alias = read.text('alias', { max: 24 })
  const ostype = read.choice('ostype', ostypes)
  const node = data.node === null || data.node === '' ? null : read.text('node', { pattern: null })
  const owner = read.text('owner', { pattern: null })
  const ownerId = owner === undefined ? undefined : await parts.catalogue.users.idOfActive(owner)
  if (ownerId === null) read.fail('owner', noSuchObject('username', owner!))
  const ips = read.list('ips', /^[0-9A-Fa-f.:]{2,45}$/)
  const said = { vcpus, ram, alias, ostype, node, ownerId: ownerId ?? undefined, ips }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
}

async function changeState(context: Context): Promise<Answer> {
  const { actor, datacenter, data, parts } = context
  const change = context.segment('action') as StateChange
  const { taskId } = await onServer(() =>
    parts.catalogue.instanceStates.begin(actor, datacenter.id, serverOf(context), change, {
      force: flag(data, 'force'),
      ...readCallback(data),
    }),
  )
  return begun(taskId)
}

const scope = { scope: 'current', group: 'd' } as const

export const vmRoutes: readonly Route[] = [
  { ...scope, method: 'GET', path: '/vm', summary: 'List servers', handle: list },
  { ...scope, method: 'GET', path: '/vm/:hostname', summary: 'Show a server', handle: show },
  {
    ...scope,
    method: 'GET',
    path: '/vm/:hostname/define',
    summary: 'Show the definition of a server',
    handle: showDefinition,
  },
  { ...scope, method: 'POST', path: '/vm/:hostname/define', summary: 'Define a server', handle: define },
  {
    ...scope,
    method: 'PUT',
    path: '/vm/:hostname/define',
    summary: 'Change the definition of a server',
    handle: redefine,
  },
  {
    ...scope,
    method: 'DELETE',
    path: '/vm/:hostname/define',
    summary: 'Delete the definition of a server that does not run',
    handle: undefine,
  },
  {
    ...scope,
    method: 'PUT',
    path: '/vm/:hostname/status/:action',
    summary: 'Start, stop or reboot a server',
    segments: { action: new RegExp(`^(?:${stateChanges.join('|')})$`) },
    handle: changeState,
  },
]
