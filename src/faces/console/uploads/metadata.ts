import { z } from 'zod'
import type { Actor } from '../../../catalogue/actor.ts'
import type { Catalogue } from '../../../catalogue/catalogue.ts'
import { Failure } from '../../../catalogue/failure.ts'
import type { UploadTarget } from '../../../catalogue/uploads/begin.ts'
import { withOwner } from '../images.ts'
import { imageDraft, read } from '../input.ts'

/** What `Upload-Metadata` says: names, and values in base64 (which may be missing), separated by commas. */

/** Values that are no text, and so are written as JSON. */
const jsonKeys: ReadonlySet<string> = new Set([
  'minDisk',
  'minRam',
  'protected',
  'hidden',
  'tags',
  'properties',
])
/** What clients of the protocol say of the file, and want to read again. */
const fileKeys: ReadonlySet<string> = new Set([
  'filename',
  'filetype',
  'type',
  'relativePath',
  'lastModified',
])

const image = z.strictObject({ image: z.string() })

/** @throws Failure `invalid` (reason `metadata`) */
export function readMetadata(header: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  if (header.trim() === '') return found
  for (const pair of header.split(',')) {
    const [, name, value] = /^ *([!-+\--~]+)(?: +([A-Za-z0-9+/]*={0,2}))? *$/.exec(pair) ?? []
    if (name === undefined) throw invalid('must be names, each with a value in base64, separated by commas')
    if (found.has(name)) throw invalid(`has ${name} twice`)
    found.set(name, textOf(name, value ?? ''))
  }
  return found
}

function textOf(name: string, value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'base64'))
  } catch {
    throw invalid(`has a value for ${name} that is no UTF-8`)
  }
}

/** @throws Failure `invalid`; `not-found` for a project that the actor does not know */
export async function targetOf(
  catalogue: Catalogue,
  actor: Actor,
  metadata: ReadonlyMap<string, string>,
): Promise<UploadTarget> {
  const said = Object.fromEntries(
    [...metadata].flatMap(([name, value]) => (fileKeys.has(name) ? [] : [[name, toValue(name, value)]])),
  )
  if ('image' in said) return { imageUuid: read(image, said).image }
  const { diskFormat, containerFormat, ...facts } = read(imageDraft, said)
  const draft = await withOwner(catalogue, actor, facts)
  return {
    draft: {
      ...draft,
      name: draft.name ?? metadata.get('filename') ?? '',
      ...(diskFormat === undefined ? {} : { diskFormat, containerFormat: containerFormat ?? 'bare' }),
      ...(diskFormat === undefined && containerFormat !== undefined ? { containerFormat } : {}),
    },
  }
}

function toValue(name: string, value: string): unknown {
  if (!jsonKeys.has(name)) return value
  try {
    return JSON.parse(value)
  } catch {
    throw invalid(`has a value for ${name} that is no JSON`)
  }
}

function invalid(what: string): Failure {
  return new Failure('invalid', `The header Upload-Metadata ${what}.`, { reason: 'metadata' })
}
