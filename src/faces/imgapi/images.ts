import { isDeepStrictEqual } from 'node:util'
import { validateManifest } from '../../catalogue/manifests/validate.ts'
import { manifestOf } from '../../catalogue/manifests/write.ts'
import { channelsOf } from '../../catalogue/publications/channels.ts'
import { namedAccount } from './accounts.ts'
import { addChannel } from './channels.ts'
import { createImage, importImage, importRemoteImage, notAvailable } from './create.ts'
import { badParameter, invalidManifest, Refusal } from './failures.ts'
import { listImages } from './list.ts'
import { requestedChannel, unknownChannel } from './requested-channels.ts'
import type { Answer, Context, Route } from './route.ts'
import {
  currentManifest,
  demandMatch,
  etagOf,
  isKnown,
  manifestAnswer,
  manifestsOf,
  ownImage,
  viewOf,
  visibleImage,
} from './view.ts'

/** danube.md 7.3: what concerns the description of an image and its life. */

type Action = (context: Context) => Promise<Answer>

async function getImage(context: Context): Promise<Answer> {
  const image = await visibleImage(context)
  const [manifest] = await manifestsOf(context, [image])
  const etag = etagOf(manifest!)
  demandMatch(context, etag)
  if (isKnown(context, etag)) {
    context.reply.code(304).header('etag', etag).send()
    return undefined
  }
  return { body: manifest, headers: { etag } }
}

async function updateImage(context: Context): Promise<Answer> {
  const { actor, repository, parts } = context
  const body = (await context.json()) ?? {}
  const seen = await ownImage(context)
  const view = await viewOf(context, [seen])
  const image = await parts.catalogue.publications.amend(actor, seen.uuid, (present, extras) => {
    // Of two that saw the same manifest, only one may change it.
    demandMatch(context, etagOf(view(present, extras)))
    const channels = repository.channels.length > 0 ? channelsOf(present, repository.channels) : null
    const current = manifestOf(present, { owner: 'true', ...extras, channels })
    const { manifest, changed, errors } = validateManifest(body, {
      repository: 'dc',
      mode: 'update',
      current,
      operator: actor.superAdmin,
    })
    if (errors.length > 0) throw invalidManifest(errors)
    const unknown = manifest.channels?.find((name) => !repository.channels.includes(name))
    if (changed.includes('channels') && unknown !== undefined) throw unknownChannel('channels', unknown)
    // Who sends back what is shown changes nothing, also where this wire cannot show what is kept: names with characters
    // that it does not have, versions that nobody said.
    return { manifest, changed: changed.filter((key) => !isDeepStrictEqual(manifest[key], current[key])) }
  })
  return manifestAnswer(context, image)
}

async function activateImage(context: Context): Promise<Answer> {
  const { uuid } = await ownImage(context)
  return manifestAnswer(context, await context.parts.catalogue.publications.activate(context.actor, uuid))
}

function enabled(isEnabled: boolean): Action {
  return async (context) => {
    const { uuid } = await ownImage(context)
    const { publications } = context.parts.catalogue
    return manifestAnswer(context, await publications.enable(context.actor, uuid, isEnabled))
  }
}

async function deleteImage(context: Context): Promise<Answer> {
  const { actor, repository, query, parts } = context
  const channel = requestedChannelOfDeletion(context)
  const { uuid } = await ownImage(context)
  const everywhere = channel === null || query.flag('force_all_channels') === true
  const from = everywhere ? null : { channel, configured: repository.channels }
  await parts.catalogue.publications.remove(actor, uuid, from)
  return { status: 204 }
}

/** `*` names no channel to delete from, and so means all. */
function requestedChannelOfDeletion(context: Context): string | null {
  return context.query.get('channel') === '*' ? null : requestedChannel(context)
}

async function cloneImage(context: Context): Promise<Answer> {
  const account = await namedAccount(context)
  const { uuid } = await visibleImage(context)
  const projectId = account?.id ?? context.actor.projectId
  if (projectId === null) throw badParameter('account', 'is missing', 'MissingParameter')
  const { publications } = context.parts.catalogue
  return manifestAnswer(context, await publications.clone(context.actor, uuid, projectId))
}

function operatorsOnly(action: Action): Action {
  return async (context) => {
    if (!context.actor.superAdmin) throw new Refusal('OperatorOnly', 'this is for operators only')
    return action(context)
  }
}

const notHere = {
  vm: notAvailable('making an image of a machine'),
  datacenter: notAvailable('importing from another data centre by name; import-remote takes its URL'),
  docker: notAvailable('importing from a docker registry'),
  lxd: notAvailable('importing from an lxd server'),
  export: notAvailable('exporting to object storage'),
  stor: notAvailable('moving a file to other storage'),
}

const collectionActions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['create', createImage],
  ['create-from-vm', notHere.vm],
  ['import-docker-image', notHere.docker],
  ['import-lxd-image', notHere.lxd],
])

const imageActions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['import', importImage],
  ['import-remote', importRemoteImage],
  ['import-from-datacenter', notHere.datacenter],
  ['activate', activateImage],
  ['update', updateImage],
  ['disable', enabled(false)],
  ['enable', enabled(true)],
  ['channel-add', addChannel],
  ['export', notHere.export],
  ['change-stor', operatorsOnly(notHere.stor)],
])

/** @throws Refusal 422 for an action that there is not */
function act(actions: ReadonlyMap<string, Action>, usual?: string): Action {
  return (context) => {
    const name = context.query.get('action') ?? usual
    const action = name === undefined ? undefined : actions.get(name)
    if (action) return action(context)
    const known = [...actions.keys()].join(', ')
    throw badParameter(
      'action',
      `must be one of ${known}`,
      name === undefined ? 'MissingParameter' : 'Invalid',
    )
  }
}

async function changeAcl(context: Context): Promise<Answer> {
  const action = context.query.get('action') ?? 'add'
  if (action !== 'add' && action !== 'remove') throw badParameter('action', 'must be add or remove')
  const accounts = await context.json()
  // The rules of a manifest's `acl`, one of which has to be there.
  const { errors } = validateManifest(
    { acl: accounts ?? null },
    { repository: 'dc', mode: 'update', current: {} },
  )
  if (errors.length > 0) throw invalidManifest(errors)
  if (!Array.isArray(accounts) || accounts.length === 0)
    throw invalidManifest([{ field: 'acl', code: 'MissingParameter', message: 'Must be an array of UUIDs.' }])
  const { uuid } = await ownImage(context)
  await context.parts.catalogue.acls[action](context.actor, uuid, [...new Set(accounts as string[])])
  return currentManifest(context)
}

export const imageRoutes: readonly Route[] = [
  { method: 'GET', path: '/images', open: true, summary: 'Manifests of images', handle: listImages },
  {
    method: 'POST',
    path: '/images',
    summary: 'Describes a new image',
    handle: act(collectionActions, 'create'),
  },
  { method: 'GET', path: '/images/:uuid', open: true, summary: 'The manifest of an image', handle: getImage },
  {
    method: 'POST',
    path: '/images/:uuid',
    summary: 'Imports, activates, changes, disables or enables an image',
    handle: act(imageActions),
  },
  { method: 'DELETE', path: '/images/:uuid', summary: 'Deletes an image', handle: deleteImage },
  { method: 'POST', path: '/images/:uuid/acl', summary: 'Who else may use an image', handle: changeAcl },
  { method: 'POST', path: '/images/:uuid/clone', summary: 'A copy of a shared image', handle: cloneImage },
]
