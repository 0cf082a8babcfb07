import { type Node, nodeStatuses } from '../../catalogue/places/instances/nodes.ts'
import { logDetail } from '../../catalogue/tasks/log.ts'
import { toMicros } from '../../catalogue/time.ts'
import { permissionDenied } from './failures.ts'
import { fields, required } from './fields.ts'
import { type Answer, type Context, done, type Route } from './route.ts'

/** 1 and 2 can be written; what else a node is, it becomes by itself (danube.md 4.5). */
const writable = { 1: 'maintenance', 2: 'online' } as const

function nodeView({ hostname, status, createdAt }: Node): object {
  return { hostname, status, created: toMicros(createdAt) }
}

const definitionView = ({ hostname, status }: Node) => ({
  hostname,
  status: nodeStatuses.indexOf(status) + 1,
})

/** Nodes are the administrators' affair, all of it. */
function demandAdmin({ actor }: Context): void {
  if (!actor.superAdmin) throw permissionDenied()
}

async function list(context: Context): Promise<Answer> {
  demandAdmin(context)
  const found = await context.parts.catalogue.nodes.list(context.actor)
  return done(context.full || context.extended ? found.map(nodeView) : found.map(({ hostname }) => hostname))
}

async function show(context: Context): Promise<Answer> {
  demandAdmin(context)
  return done(nodeView(await context.parts.catalogue.nodes.view(context.actor, context.segment('hostname'))))
}

async function showDefinition(context: Context): Promise<Answer> {
  demandAdmin(context)
  const node = await context.parts.catalogue.nodes.view(context.actor, context.segment('hostname'))
  return done(definitionView(node))
}

async function redefine(context: Context): Promise<Answer> {
  demandAdmin(context)
  const { actor, data, parts } = context
  const hostname = context.segment('hostname')
  await parts.catalogue.nodes.view(actor, hostname)
  const read = fields(data)
  const status = read.choice('status', [1, 2] as const)
  if (!read.has('status')) read.fail('status', required)
  read.demand()
  const detail = logDetail({ status })
  return done(definitionView(await parts.catalogue.nodes.change(actor, hostname, writable[status!], detail)))
}

const scope = { scope: 'main', group: 'u' } as const

export const nodeRoutes: readonly Route[] = [
  { ...scope, method: 'GET', path: '/node', summary: 'List compute nodes', handle: list },
  { ...scope, method: 'GET', path: '/node/:hostname', summary: 'Show a compute node', handle: show },
  {
    ...scope,
    method: 'GET',
    path: '/node/:hostname/define',
    summary: 'Show the definition of a compute node',
    handle: showDefinition,
  },
  {
    ...scope,
    method: 'PUT',
    path: '/node/:hostname/define',
    summary: 'Take a compute node out of service, or put it back',
    handle: redefine,
  },
]
