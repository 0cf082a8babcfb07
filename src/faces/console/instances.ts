import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { visibilities } from '../../catalogue/images/image.ts'
import { usualVersion } from '../../catalogue/images/uniqueness.ts'
import { workOn } from '../../catalogue/images/work.ts'
import type { Instance } from '../../catalogue/places/instances/instances.ts'
import {
  longestSnapshot,
  type SnapshotTarget,
  snapshotName,
} from '../../catalogue/places/instances/snapshot.ts'
import { instanceStatuses } from '../../catalogue/places/instances/states.ts'
import { logDetail } from '../../catalogue/tasks/log.ts'
import { namedHere } from './alias.ts'
import { idOf, pageQuery, read } from './input.ts'
import { toWireDisk, toWireInstance, toWireSnapshot } from './instance-shapes.ts'
import { toWireImage, toWireTask } from './shapes.ts'
import { projectNames } from './whoami.ts'
import type { WireImportStarted } from './wire.ts'
import type {
  WireInstance,
  WireInstanceDetail,
  WireInstanceList,
  WireNodeList,
  WireSnapshotList,
  WireSnapshotRemoval,
  WireSnapshotStarted,
} from './wire-instances.ts'

const text = z.string().max(255)
const limit = z.coerce.number().int().positive().max(100).default(20)
const diskNumber = z.coerce.number().int().positive().max(1_000_000)

const instanceQuery = pageQuery.extend({
  limit,
  search: text.optional(),
  status: z.enum(instanceStatuses).optional(),
  node: text.optional(),
  project: text.optional(),
  sort: z.enum(['hostname', '-hostname']).default('hostname'),
})

const snapshotQuery = pageQuery.extend({ limit, disk: diskNumber.optional() })

const snapshotDraft = z.strictObject({
  disk: diskNumber,
  name: z
    .string()
    .min(1)
    .max(longestSnapshot.name)
    .regex(snapshotName, 'has letters, digits and the characters . _ - and begins with a letter or digit'),
  note: z.string().max(longestSnapshot.note).default(''),
})

const snapshotPath = '/instances/:id/disks/:disk/snapshots/:name'
const snapshotPlace = z.object({ id: z.string(), disk: diskNumber, name: text })
const revertOrder = z.strictObject({ force: z.boolean().default(false) })

const snapshotImage = z.strictObject({
  disk: diskNumber,
  snapshot: text.min(1),
  name: text.trim().min(1).optional(),
  version: text.trim().min(1).default(usualVersion),
  visibility: z.enum(visibilities).optional(),
  description: z.string().max(10_000).default(''),
  tags: z.array(text).optional(),
})

/** Instances that images can be made from: their disks, their snapshots, and the images made of these. */
export async function instanceRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { instanceLists, disks, snapshots, snapshotImages, tasks, projects } = catalogue

  app.get('/instances', async ({ actor, query }): Promise<WireInstanceList> => {
    const { search, status, node, project, sort, offset, limit } = read(instanceQuery, query)
    const projectId = project === undefined ? undefined : (await projects.named(actor, project)).id
    const descending = sort === '-hostname'
    const asked = { text: search, status, node, projectId, descending, offset, limit }
    const { instances, total } = await instanceLists.search(actor, asked)
    return { instances: await shown(actor, instances), total }
  })

  app.get('/instances/nodes', async ({ actor }): Promise<WireNodeList> => {
    return { nodes: await instanceLists.nodes(actor) }
  })

  app.get('/instances/:id', async (request): Promise<WireInstanceDetail> => {
    const { actor } = request
    const instance = await instanceLists.view(actor, idOf(request))
    const found = await disks.list(actor, instance.projectId, instance.uuid)
    const [view] = await shown(actor, [instance])
    return { ...view!, disks: found.map(toWireDisk) }
  })

  app.get('/instances/:id/snapshots', async (request): Promise<WireSnapshotList> => {
    const page = read(snapshotQuery, request.query)
    const { snapshots, total } = await instanceLists.snapshots(request.actor, idOf(request), page)
    return { snapshots: snapshots.map(toWireSnapshot), total }
  })

  app.post('/instances/:id/snapshots', async (request, reply): Promise<WireSnapshotStarted> => {
    const { actor } = request
    const { disk, name, note } = read(snapshotDraft, request.body)
    const { projectId, uuid } = await instanceLists.view(actor, idOf(request))
    const target = { projectId, instance: uuid, disk, name }
    const { snapshot, taskId } = await snapshots.create(actor, target, () => ({ note }))
    reply.code(202)
    return { snapshot: toWireSnapshot(snapshot), task: toWireTask(await tasks.view(actor, taskId)) }
  })

  app.delete(snapshotPath, async (request, reply): Promise<WireSnapshotRemoval> => {
    const { actor } = request
    const { snapshot, taskId } = await snapshots.remove(actor, await targetOf(request))
    // A lost one has gone already.
    reply.code(taskId === null ? 200 : 202)
    const task = taskId === null ? null : toWireTask(await tasks.view(actor, taskId))
    return { snapshot: toWireSnapshot(snapshot), task }
  })

  app.post(`${snapshotPath}/revert`, async (request, reply): Promise<WireSnapshotStarted> => {
    const { actor } = request
    const { force } = read(revertOrder, request.body)
    const { snapshot, taskId } = await snapshots.revert(actor, await targetOf(request), { force })
    reply.code(202)
    return { snapshot: toWireSnapshot(snapshot), task: toWireTask(await tasks.view(actor, taskId)) }
  })

  app.post('/instances/:id/images', async (request, reply): Promise<WireImportStarted> => {
    const { actor } = request
    const { disk, snapshot, description, ...said } = read(snapshotImage, request.body)
    const { projectId, uuid, hostname } = await instanceLists.view(actor, idOf(request))
    const target = { projectId, instance: uuid, disk, snapshot, handle: null }
    const properties: Record<string, string> = description ? { description } : {}
    const draft = { ...said, properties }
    const detail = logDetail({ hostname, snapname: snapshot, disk_id: disk })
    const { image, taskId } = await namedHere(() =>
      snapshotImages.begin(actor, target, draft, { work: (image) => workOn(image, 'Create image', detail) }),
    )
    reply.code(202)
    return { image: toWireImage(image), task: toWireTask(await tasks.view(actor, taskId)) }
  })

  /** @throws Failure `not-found` for an instance that is not the actor's to see */
  async function targetOf({ actor, params }: FastifyRequest): Promise<SnapshotTarget> {
    const { id, disk, name } = read(snapshotPlace, params)
    const { projectId, uuid } = await instanceLists.view(actor, id)
    return { projectId, instance: uuid, disk, name }
  }

  async function shown(actor: Actor, instances: readonly Instance[]): Promise<WireInstance[]> {
    const names = await projectNames(
      catalogue,
      instances.map(({ projectId }) => projectId),
    )
    return instances.map((instance) =>
      toWireInstance(instance, {
        project: names.get(instance.projectId) ?? '',
        mayImage: snapshotImages.mayImage(actor, instance.projectId),
      }),
    )
  }
}
