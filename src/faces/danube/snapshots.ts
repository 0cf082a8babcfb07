import {
  longestSnapshot,
  type Snapshot,
  type SnapshotTarget,
  snapshotName,
} from '../../catalogue/places/instances/snapshot.ts'
import type { SnapshotOrder } from '../../catalogue/places/instances/snapshots.ts'
import { readCallback } from './callback-fields.ts'
import { fields } from './fields.ts'
import { type Answer, begun, type Context, done, type Route } from './route.ts'
import { truth, whole } from './scalars.ts'
import { diskIdOf, onServer, serverOf, snapshotView } from './vm-wire.ts'

/** Field of `order_by` → the catalogue's. */
const orders: Readonly<Record<string, SnapshotOrder['field']>> = {
  name: 'name',
  disk_id: 'disk',
  size: 'size',
  created: 'created',
}
const noteRule = { max: longestSnapshot.note, empty: true }

function targetOf(context: Context): SnapshotTarget {
  return {
    projectId: context.datacenter.id,
    instance: serverOf(context),
    // No disk has the number 0.
    disk: diskIdOf(context) ?? 0,
    name: context.segment('snapname'),
  }
}

async function list(context: Context): Promise<Answer> {
  const { actor, data, datacenter, parts } = context
  const order = context
    .orderBy(Object.keys(orders), '-created')
    .map(({ field, descending }) => ({ field: orders[field]!, descending }))
  const type = data.type === undefined ? undefined : (whole(data.type) ?? 0)
  const found = await onServer(() =>
    parts.catalogue.snapshots.list(
      actor,
      {
        projectId: datacenter.id,
        instance: serverOf(context),
        ...(data.disk_id === undefined ? {} : { disk: diskIdOf(context) ?? 0 }),
        ...(type === undefined ? {} : { type }),
      },
      order,
    ),
  )
  // Made by a schedule of this name: there are no schedules.
  const shown = isSaid(data.define) ? [] : found
  return done(context.full || context.extended ? shown.map(snapshotView) : shown.map(({ name }) => name))
}

async function show(context: Context): Promise<Answer> {
  const { actor, parts } = context
  return doneOf(await onServer(() => parts.catalogue.snapshots.view(actor, targetOf(context))))
}

async function create(context: Context): Promise<Answer> {
  const { actor, data, parts } = context
  const told = readCallback(data)
  const check = () => {
    const read = fields(data)
    read.check('name', context.segment('snapname'), { max: longestSnapshot.name, pattern: snapshotName })
    const note = read.text('note', noteRule) ?? ''
    read.demand()
    return { note }
  }
  const { taskId } = await onServer(() =>
    parts.catalogue.snapshots.create(actor, targetOf(context), check, told),
  )
  return begun(taskId)
}

/** Puts the disk back, or, with `note`, only changes what is written of the snapshot. */
async function change(context: Context): Promise<Answer> {
  const { actor, data, parts } = context
  const { snapshots } = parts.catalogue
  if (data.note !== undefined) {
    const check = () => {
      const read = fields(data)
      const note = read.text('note', noteRule)
      read.demand()
      return note ?? ''
    }
    return doneOf(await onServer(() => snapshots.annotate(actor, targetOf(context), check)))
  }
  const told = readCallback(data)
  const force = data.force === undefined ? true : truth(data.force)
  const { taskId } = await onServer(() => snapshots.revert(actor, targetOf(context), { force, ...told }))
  return begun(taskId)
}

async function remove(context: Context): Promise<Answer> {
  const { actor, data, parts } = context
  const told = readCallback(data)
  const { taskId } = await onServer(() => parts.catalogue.snapshots.remove(actor, targetOf(context), told))
  return taskId === null ? done({ message: 'Snapshot successfully deleted from DB' }) : begun(taskId)
}

function doneOf(snapshot: Snapshot): Answer {
  return { kind: 'done', result: snapshotView(snapshot), owner: snapshot.ownerUserId }
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

const at = { path: '/vm/:hostname/snapshot/:snapname', scope: 'current', group: 'd' } as const

export const snapshotRoutes: readonly Route[] = [
  {
    ...at,
    method: 'GET',
    path: '/vm/:hostname/snapshot',
    summary: "List the snapshots of a server's disks",
    handle: list,
  },
  { ...at, method: 'GET', summary: 'Show a snapshot', handle: show },
  { ...at, method: 'POST', summary: "Take a snapshot of a server's disk", handle: create },
  {
    ...at,
    method: 'PUT',
    summary: 'Put a disk back to a snapshot, or change the note of one',
    handle: change,
  },
  { ...at, method: 'DELETE', summary: 'Delete a snapshot', handle: remove },
]
