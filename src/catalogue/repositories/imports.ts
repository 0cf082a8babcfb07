import { demandIn } from '../access.ts'
import type { Actor } from '../actor.ts'
import { isLonger } from '../characters.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { foreignImages } from '../images/foreign.ts'
import { foreignDraftOf } from '../images/foreign-draft.ts'
import type { Image, Visibility } from '../images/image.ts'
import { type ForeignDraft, imports } from '../images/imports.ts'
import { limits } from '../images/rules.ts'
import { workOn } from '../images/work.ts'
import type { ForeignManifest } from '../manifests/read.ts'
import { storable } from '../manifests/storable.ts'
import { logDetail } from '../tasks/log.ts'
import { below } from './repository.ts'

/** What somebody who picks an image of a repository says of it; the manifest says the rest. */
export type OfferImport = {
  readonly name?: string | undefined
  readonly visibility?: Visibility | undefined
  /** The caller's own project unless it is said. */
  readonly ownerId?: number | undefined
  readonly tags?: readonly string[] | undefined
}

/** Characters; what is longer is no version, and the longest description that a manifest may have. */
const longest = { version: 255, description: 512 }

/**
 * Imports an image from the repository at `url`, whose present manifest counts and not the one of the list.
 * @throws Failure as `imports.fromManifest` and `foreignImages`; `upstream` (reason `document`) when the repository
 * answers with something else
 */
export async function importOffer(
  core: Core,
  actor: Actor,
  { url, uuid }: { readonly url: string; readonly uuid: string },
  said: OfferImport,
): Promise<{ image: Image; taskId: string }> {
  const ownerId = said.ownerId ?? actor.projectId
  demandIn(actor, 'image.create', ownerId)
  demandIn(actor, 'image.import', ownerId)
  if (said.visibility === 'public') demandIn(actor, 'image.publicise', ownerId)
  const manifestUrl = below(url, `images/${uuid}`)
  const fileUrl = `${manifestUrl}/file`
  const foreign = foreignImages(core)
  const found = await foreign.manifest(manifestUrl)
  if (found.uuid !== uuid)
    throw new Failure('upstream', 'The repository answered with the manifest of another image.', {
      reason: 'document',
    })
  await foreign.demandFile(fileUrl)
  const detail = logDetail({ manifest_url: manifestUrl, file_url: fileUrl })
  return imports(core).fromManifest(
    actor,
    draftOf(found, { ...said, ownerId }),
    { url: fileUrl, ...found.file },
    { work: (image) => workOn(image, 'Import image', detail) },
  )
}

function draftOf(
  found: ForeignManifest,
  { name, visibility, tags, ownerId }: Omit<OfferImport, 'ownerId'> & { readonly ownerId: number | null },
): ForeignDraft {
  const text = (value: string, length: number) => String(storable([...value].slice(0, length).join('')))
  return foreignDraftOf(found, {
    name: name ?? text(found.name ?? found.uuid, limits.name),
    version: text(found.version, longest.version),
    description: text(found.description, longest.description),
    visibility: visibility ?? 'private',
    ownerId,
    bound: true,
    attached: true,
    resize: found.resize,
    deploy: found.deploy,
    // Those of a stranger that could not be kept are passed over.
    tags: tags ?? found.tags.filter(isTag).slice(0, limits.tags),
  })
}

function isTag(tag: string): boolean {
  return tag !== '' && !isLonger(tag, limits.tag) && tag.isWellFormed() && !/\p{Cc}/u.test(tag)
}
