import { type Fields, fields, namePattern, noSuchObject, required } from './fields.ts'
import type { Context } from './route.ts'
import { type Access, accessTypes } from './wire.ts'

/** What may be said of an image (danube.md 1.3), coerced and checked; what was not said is missing. */
export type ImageFields = {
  readonly alias?: string
  readonly version?: string
  /** User id. */
  readonly ownerId?: number
  readonly access?: Access
  readonly desc?: string
  readonly resize?: boolean
  readonly deploy?: boolean
  readonly tags?: readonly string[]
  readonly dcBound?: boolean
}

/** `import` and `snapshot` make an image of the given name; `update` changes one. */
export type Mode = 'import' | 'update' | 'snapshot'

/** The keys whose mere presence makes an update a piece of work for a task (danube.md 1.10). */
export const writableKeys = [
  'name',
  'alias',
  'version',
  'owner',
  'access',
  'desc',
  'resize',
  'deploy',
  'tags',
  'dc_bound',
] as const

export const handleLength = 32

/**
 * Reads the fields of an image and collects what is wrong with them in `read`. Whether `dc_bound` may be said is for the
 * caller to decide: only administrators say it.
 */
export async function readImageFields(
  { parts, segment, data }: Pick<Context, 'parts' | 'segment' | 'data'>,
  mode: Mode,
  read: Fields = fields(data),
): Promise<ImageFields> {
  // The name of the path, and one in the body, which is looked at and never used.
  read.check('name', mode === 'update' ? undefined : segment('name'), {
    max: handleLength,
    pattern: namePattern,
  })
  read.text('name', { max: handleLength, pattern: namePattern })
  const alias = read.text('alias', { max: 32 })
  const version = read.text('version', { max: 16 })
  const owner = read.text('owner', { pattern: null })
  const access = read.choice('access', accessTypes)
  const desc = read.text('desc', { max: 128, empty: true })
  const resize = read.boolean('resize')
  const deploy = read.boolean('deploy')
  const tags = read.tags('tags')
  const dcBound = read.boolean('dc_bound')
  const ownerId = owner === undefined ? undefined : await ownerNamed(parts, owner, read)
  return Object.fromEntries(
    Object.entries({ alias, version, ownerId, access, desc, resize, deploy, tags, dcBound }).filter(
      ([, value]) => value !== undefined,
    ),
  )
}

async function ownerNamed(parts: Context['parts'], name: string, read: Fields): Promise<number | undefined> {
  if (name === 'None') {
    read.fail('owner', required)
    return undefined
  }
  const id = await parts.catalogue.users.idOfActive(name)
  if (id === null) read.fail('owner', noSuchObject('username', name))
  return id ?? undefined
}
