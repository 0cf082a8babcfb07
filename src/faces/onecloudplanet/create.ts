import { randomUUID } from 'node:crypto'
import { isFailure } from '../../catalogue/failure.ts'
import { mainProjectId } from '../../catalogue/images/cleanup.ts'
import type { ImageDraft } from '../../catalogue/images/draft.ts'
import type { Image, Visibility } from '../../catalogue/images/image.ts'
import { mediaType } from '../../http/body.ts'
import { openBody } from '../../http/receive.ts'
import { activeProject } from './client.ts'
import { changedProperties, describe, saidOf, settableVisibilities } from './description.ts'
import {
  answerTo,
  badFields,
  creationFailed,
  creationNotAllowed,
  noProject,
  uploadFailed,
} from './failures.ts'
import {
  type Body,
  choice,
  complaint,
  type Form,
  form,
  integer,
  orNull,
  type Reader,
  text,
} from './fields.ts'
import { formBody, type Form as Multipart, readForm } from './multipart.ts'
import type { Context, Route } from './route.ts'
import { containerFormats, diskFormats } from './vocabulary.ts'
import { toCreated } from './wire.ts'

/** 2.4. */
async function create(context: Context) {
  const { request, reply, parts } = context
  const own = context.caller.staff ? mainProjectId : (await activeProject(context)).id
  const upload =
    mediaType(request.headers['content-type']) === 'multipart/form-data'
      ? await readForm(request, () => openBody(request, reply))
      : null
  try {
    const body = upload ? formBody(upload.fields) : await context.json()
    const { draft, source, url } = await validated(context, body, upload, own)
    if (source === 'url') {
      const image = await fetched(context, draft, url!)
      return { status: 201, body: toCreated(image, source) }
    }
    if (parts.featuresOff.has('openstack.images.file_uploads')) throw creationNotAllowed(context.caller)
    const bytes = await notEmpty(upload!.file!)
    return { status: 201, body: toCreated(await received(context, draft, bytes), source) }
  } finally {
    upload?.stop()
  }
}

type Validated = {
  readonly draft: ImageDraft
  readonly source: 'url' | 'file'
  readonly url: string | undefined
}

/** @throws Refusal 400 with all bad fields. */
async function validated(
  context: Context,
  body: Body,
  upload: Multipart | null,
  own: number,
): Promise<Validated> {
  const { caller } = context
  const { catalogue, featuresOff } = context.parts
  const fields = form(body)
  const regions = (await catalogue.locations.all()).filter(({ enabled }) => enabled)
  // "We accept its absence when the user has exactly one client": an image must not land in a client by chance.
  if (!caller.staff && !caller.named && caller.everywhere.roles.size > 1)
    fields.complain('active_client', 'This field is required.')
  const name = fields.required('name', text({ longest: 255 }))
  const source = fields.required('source', choice(['url', 'file']))
  const url = source === 'url' ? fields.required('url', webAddress) : undefined
  if (source === 'file' && !upload?.file) fields.complain('file', 'No file was submitted.')
  const description = describe(fields)
  const facts = {
    diskFormat: fields.required('disk_format', choice(diskFormats)),
    containerFormat: fields.optional('container_format', choice(containerFormats)) ?? 'bare',
    region: fields.required('region', choice(regions.map((region) => region.name))),
    visibility: fields.optional('visibility', choice(settableVisibilities(caller, featuresOff))) ?? 'private',
  }
  const ownerId = caller.staff ? await ownerFor(context, fields, own) : own
  if (Object.keys(fields.errors).length > 0) throw badFields(fields.errors)
  const draft = {
    ...saidOf(description),
    properties: changedProperties({}, description),
    name: name!,
    diskFormat: facts.diskFormat!,
    containerFormat: facts.containerFormat,
    region: facts.region!,
    visibility: facts.visibility as Visibility,
    ownerId,
  }
  return { draft, source: source as Validated['source'], url }
}

/** Staff create for a client, or for the provider itself (3.5). */
async function ownerFor(
  { parts, actor, caller, query }: Context,
  fields: Form,
  own: number,
): Promise<number> {
  const named = caller.named ? Number(query.get('active_client')) : null
  const id = fields.optional('client', orNull(integer)) ?? named
  if (id === null) return own
  if (!(await parts.catalogue.projects.exists(Number.isSafeInteger(id) ? id : 0))) {
    fields.complain('client', 'Client does not exist')
    return own
  }
  const { enabled } = await parts.catalogue.projects.view(actor, id)
  if (!enabled) fields.complain('client', 'Unable to find a project for the specified client')
  return id
}

/** Which addresses can be fetched is not said here; ones that nobody could fetch are no addresses. */
const webAddress: Reader<string> = (value) => {
  const read = text()(value)
  if (typeof read !== 'string') return read
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(read) && URL.canParse(read) ? read : complaint('Enter a valid URL.')
}

/** Nothing was created yet when the address turns out to be wrong, refused by policy or not to answer. */
async function fetched({ parts, actor }: Context, draft: ImageDraft, url: string): Promise<Image> {
  try {
    return (await parts.catalogue.imports.fromUrl(actor, draft, { url, fallback: 'killed' })).image
  } catch (error) {
    const refused =
      isFailure(error, 'upstream') ||
      isFailure(error, 'interrupted') ||
      (isFailure(error, 'forbidden') && error.detail.reason !== 'role') ||
      (isFailure(error, 'invalid') && (!error.detail.fields || 'url' in error.detail.fields))
    throw refused ? badFields({ url: ['URL is not accessible'] }) : error
  }
}

/** @throws Refusal 400 for a file without a single byte, before anything is created. */
async function notEmpty(source: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) throw badFields({ file: ['The submitted file is empty.'] })
  return (async function* () {
    try {
      yield first.value
      yield* { [Symbol.asyncIterator]: () => iterator }
    } finally {
      await iterator.return?.()
    }
  })()
}

/** A new image with its bytes. "An image left behind by a failed upload must end as `killed` or be removed." */
async function received(
  context: Context,
  draft: ImageDraft,
  bytes: AsyncIterable<Uint8Array>,
): Promise<Image> {
  const { parts, actor, caller, request } = context
  const uuid = randomUUID()
  try {
    return await parts.catalogue.bytes.receive(actor, { ...draft, uuid }, bytes, { fallback: 'killed' })
  } catch (error) {
    // A form that turned out to be wrong after its last byte made nothing worth seeing.
    if (isFailure(error, 'invalid')) await removeKilled(context, uuid)
    if (answerTo(error, caller) !== null) throw error
    request.log.error({ err: error }, 'an upload failed unexpectedly')
    throw uploadFailed(caller)
  }
}

async function removeKilled({ parts, actor }: Context, uuid: string): Promise<void> {
  const { images } = parts.catalogue
  try {
    if ((await images.view(actor, uuid)).protected)
      await images.change(actor, uuid, () => ({ protected: false }))
    await images.remove(actor, uuid)
  } catch (error) {
    if (!isFailure(error, 'not-found')) throw error // its transfer never began
  }
}

export const createRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/openstack/images',
    permission: 'images.create',
    withoutClient: noProject,
    whenOff: creationNotAllowed,
    fault: creationFailed,
    summary: 'Creates an image from a file or a URL',
    handle: create,
  },
]
