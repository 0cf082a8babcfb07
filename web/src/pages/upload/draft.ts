import { containerOf, nameOfFile, propertiesOf, tagsOf } from '../../parts/form/image-facts.ts'
import { noProblems, type Problems } from '../../parts/form/problems.ts'
import { noSystem, type SystemFacts } from '../../parts/form/SystemFields.tsx'
import { guessFormat } from './guess-format.ts'

/** What is said of the image that a file will become. */
export type UploadDraft = {
  readonly name: string
  /** Empty: what the bytes turn out to be. */
  readonly diskFormat: string
  /** Empty: the usual one. */
  readonly project: string
  readonly visibility: string
  readonly tags: string
  readonly system: SystemFacts
}

/** A file that was chosen and is not being sent yet. */
export type ChosenFile = {
  readonly key: string
  readonly file: File
  readonly draft: UploadDraft
  readonly problems: Problems
}

/** Fields at which what is wrong can be shown. */
export const draftFields = ['name', 'diskFormat', 'project', 'visibility', 'tags'] as const

/** What is usually alike for all files of one hand. */
type SharedFacts = Pick<UploadDraft, 'project' | 'visibility' | 'tags' | 'system'>

export function sharedOf({ draft: { project, visibility, tags, system } }: ChosenFile): SharedFacts {
  return { project, visibility, tags, system }
}

const usual: SharedFacts = { project: '', visibility: 'private', tags: '', system: noSystem }

let last = 0

export async function choose(file: File): Promise<ChosenFile> {
  // A file that cannot be read is told when it is sent.
  const diskFormat = (await guessFormat(file).catch(() => null)) ?? ''
  const draft = { ...usual, name: nameOfFile(file.name), diskFormat }
  return { key: String(++last), file, draft, problems: noProblems }
}

/** One more; it is as the last one before it. */
export function withChosen(all: readonly ChosenFile[], made: ChosenFile): ChosenFile[] {
  const before = all.at(-1)
  return [...all, before ? { ...made, draft: { ...made.draft, ...sharedOf(before) } } : made]
}

/** The draft as the server wants it (wire-uploads.ts). */
export function toMetadata(
  { name, diskFormat, visibility, tags, system }: UploadDraft,
  project: string,
): Record<string, string> {
  const properties = propertiesOf(system)
  return {
    name: name.trim(),
    project,
    visibility,
    ...(diskFormat === '' ? {} : { diskFormat, containerFormat: containerOf(diskFormat) }),
    ...(tags.trim() === '' ? {} : { tags: JSON.stringify(tagsOf(tags)) }),
    ...(Object.keys(properties).length === 0 ? {} : { properties: JSON.stringify(properties) }),
  }
}
