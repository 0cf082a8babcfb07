import { foreignDraftOf } from '../../catalogue/images/foreign-draft.ts'
import type { Image } from '../../catalogue/images/image.ts'
import type { ForeignDraft } from '../../catalogue/images/imports.ts'
import { workOn } from '../../catalogue/images/work.ts'
import type { ForeignManifest } from '../../catalogue/manifests/read.ts'
import { readCallback } from './callback-fields.ts'
import type { Data } from './data.ts'
import { findDatacenter } from './datacenter-context.ts'
import { alreadyExists, datacenterNotFound, notPermitted } from './failures.ts'
import { type Fields, fields } from './fields.ts'
import { type ImageFields, readImageFields } from './image-fields.ts'
import { imageOrder } from './image-order.ts'
import { detailOf, enterDatacenterOf, viewOf } from './image-views.ts'
import { type Answer, begun, type Context, type Datacenter } from './route.ts'
import { plainText } from './scalars.ts'

const unbound =
  'You have to specify to which datacenter shall the image be bound. Either use the "dc" parameter or set the "dc_bound" parameter to false.'

/** `POST /image/:name`. */
export async function importByName(context: Context): Promise<Answer> {
  const { managedImages } = context.parts.catalogue
  managedImages.demandManager(context.actor)
  imageOrder(context)
  const name = context.segment('name')
  if (await managedImages.exists(name)) throw alreadyExists('Image')
  return importImage(context, name, context.data)
}

/**
 * Imports an image under a name that is free (danube.md 1.5 from the fifth check on, 1.6, 1.7).
 * @param data what is asked for; `manifest_url` says where the manifest is
 */
export async function importImage(context: Context, name: string, data: Data): Promise<Answer> {
  const { actor, parts } = context
  const { foreignImages, imageServer, imports } = parts.catalogue
  const target = await targetDatacenter(context, data)
  const urls = fields(data)
  const manifestUrl = urls.url('manifest_url', { required: true })
  const fileUrl = urls.url('file_url') ?? (manifestUrl && `${manifestUrl.replace(/^\/+|\/+$/g, '')}/file`)
  urls.demand()
  const found = await foreignImages.manifest(manifestUrl!)
  const sourceUuid = ownImage(context, fileUrl!)
  if (sourceUuid === null) await foreignImages.demandFile(fileUrl!)
  else await foreignImages.demandOwnFile(actor, sourceUuid)

  const { draft, said } = await draftOf(context, name, data, target, found)
  await imports.demandPlace(draft)
  const byTask = await imageServer.demandUsable()
  const { callback, problem } = byTask ? readCallback(data) : {}
  const facts = { ...asked(data, said), manifest_url: manifestUrl, file_url: fileUrl }
  const work = (image: Image) => workOn(image, 'Import image', detailOf(facts, problem))
  if (!byTask) {
    const image = await imports.record(actor, draft, work)
    enterDatacenterOf(context, image)
    return { kind: 'done', result: await viewOf(context, image), owner: image.creatorId }
  }
  const { image, taskId } = await imports.fromManifest(
    actor,
    draft,
    { url: fileUrl!, ...found.file, ...(sourceUuid ? { sourceUuid } : {}) },
    { work, callback },
  )
  enterDatacenterOf(context, image)
  return begun(taskId)
}

type Target = { readonly datacenter: Datacenter; readonly named: boolean }

/** Checks five to seven of danube.md 1.5. */
async function targetDatacenter(context: Context, data: Data): Promise<Target> {
  const { actor, parts } = context
  const said = data.dc === null || data.dc === '' ? undefined : data.dc
  const name = said === undefined ? 'main' : plainText(said)
  if (name === null) throw datacenterNotFound()
  const datacenter = await findDatacenter(context, name)
  if (!parts.catalogue.imports.mayImport(actor, datacenter.id)) throw notPermitted()
  return { datacenter, named: said !== undefined }
}

/** The image that is to be made, from what is said and what the manifest says where nothing is (1.6, 1.13). */
async function draftOf(
  context: Context,
  name: string,
  data: Data,
  { datacenter, named }: Target,
  found: ForeignManifest,
): Promise<{ draft: ForeignDraft; said: ImageFields }> {
  const { actor } = context
  const usual = {
    version: found.version,
    desc: [...found.description].slice(0, 128).join(''),
    tags: [...found.tags],
    resize: found.resize,
    deploy: found.deploy,
  }
  const missing = Object.fromEntries(Object.entries(usual).filter(([key]) => data[key] === undefined))
  const all: Data = Object.assign(Object.create(null), data, missing)
  const read: Fields = fields(all)
  const said = await readImageFields({ ...context, segment: () => name, data: all }, 'import', read)
  const dcBound = (actor.superAdmin ? said.dcBound : undefined) ?? true
  if (!read.failed() && dcBound && !named) for (const key of ['dc_bound', 'dc']) read.fail(key, unbound)
  read.demand()
  const draft = foreignDraftOf(found, {
    handle: name,
    name: said.alias ?? name,
    version: said.version!,
    visibility: said.access === 1 ? 'public' : 'private',
    withdrawn: said.access === 4,
    ownerId: datacenter.id,
    bound: dcBound,
    attached: dcBound || named,
    resize: said.resize!,
    deploy: said.deploy!,
    tags: said.tags!,
    description: said.desc ?? '',
    ...(said.ownerId === undefined ? {} : { creatorId: said.ownerId }),
  })
  return { draft, said }
}

/** For the task log: what was asked for, in the words of this wire. */
function asked(data: Data, said: ImageFields): object {
  const { ownerId: _ownerId, dcBound, ...others } = said
  return {
    ...others,
    ...(data.owner === undefined ? {} : { owner: data.owner }),
    ...(dcBound === undefined ? {} : { dc_bound: dcBound }),
    ...(data.dc === undefined ? {} : { dc: data.dc }),
  }
}

/** The image of this catalogue that a URL names: its bytes need not be fetched (1.7). */
function ownImage({ parts, request }: Context, url: string): string | null {
  const { origin, pathname } = new URL(url)
  if (origin !== new URL(parts.origin(request)).origin) return null
  return /^\/images\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/file\/?$/.exec(pathname)?.[1] ?? null
}
