import type { WireImport } from '../../../../src/faces/console/wire.ts'
import { containerOf, formatOfName, nameOfFile, propertiesOf, tagsOf } from '../../parts/form/image-facts.ts'
import { noSystem, type SystemFacts } from '../../parts/form/SystemFields.tsx'

/** The form as it is filled in. */
export type UrlDraft = {
  readonly url: string
  readonly name: string
  /** Empty: that of the URL's ending. */
  readonly diskFormat: string
  readonly project: string
  readonly visibility: string
  readonly digest: string
  readonly description: string
  readonly tags: string
  readonly minDisk: string
  readonly minRam: string
  readonly system: SystemFacts
}

export const emptyDraft: UrlDraft = {
  url: '',
  name: '',
  diskFormat: '',
  project: '',
  visibility: 'private',
  digest: '',
  description: '',
  tags: '',
  minDisk: '',
  minRam: '',
  system: noSystem,
}

/** Fields at which what is wrong can be shown. */
export const urlFields = [
  'url',
  'name',
  'diskFormat',
  'project',
  'visibility',
  'digest',
  'tags',
  'minDisk',
  'minRam',
] as const

const algorithms: Readonly<Record<number, 'md5' | 'sha1' | 'sha256' | 'sha512'>> = {
  32: 'md5',
  40: 'sha1',
  64: 'sha256',
  128: 'sha512',
}

/** Which digest this is; undefined for none that is known. */
export function algorithmOf(digest: string): 'md5' | 'sha1' | 'sha256' | 'sha512' | undefined {
  const hex = digest.trim()
  return /^[0-9a-f]+$/i.test(hex) ? algorithms[hex.length] : undefined
}

function fileOf(url: string): string {
  const path = URL.parse(url.trim())?.pathname ?? ''
  const file = path.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(file)
  } catch {
    return file
  }
}

/** What the URL alone suggests. */
export function suggested(url: string): { readonly name: string; readonly diskFormat: string } {
  const file = fileOf(url)
  return { name: nameOfFile(file), diskFormat: formatOfName(file) ?? 'qcow2' }
}

/** The draft as the server wants it. */
export function toImport(draft: UrlDraft, project: string): WireImport {
  const { name, diskFormat } = suggested(draft.url)
  const format = draft.diskFormat || diskFormat
  const algorithm = algorithmOf(draft.digest)
  return {
    url: draft.url.trim(),
    name: draft.name.trim() || name,
    diskFormat: format,
    containerFormat: containerOf(format),
    project,
    visibility: draft.visibility,
    tags: tagsOf(draft.tags),
    properties: propertiesOf({ description: draft.description, ...draft.system }),
    ...(draft.minDisk === '' ? {} : { minDisk: Number(draft.minDisk) }),
    ...(draft.minRam === '' ? {} : { minRam: Number(draft.minRam) }),
    ...(algorithm ? { [algorithm]: draft.digest.trim() } : {}),
  }
}
