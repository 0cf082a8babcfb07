import { mediaType } from '../../../http/body.ts'
import { bad, Refusal } from '../failures.ts'

/** The two media types of changes (glance.md section 8). */
const v20 = 'application/openstack-images-v2.0-json-patch'
const v21 = 'application/openstack-images-v2.1-json-patch'

const verbs = ['add', 'remove', 'replace'] as const
export type Verb = (typeof verbs)[number]

export type Operation = {
  readonly verb: Verb
  /** Decoded; one segment, or two for a single location. */
  readonly path: readonly [name: string, place?: string]
  /** Undefined for `remove`. */
  readonly value: unknown
  /** In the older notation something that is there cannot be added. */
  readonly overwrites: boolean
}

/** @throws Refusal 415 with the types that are understood */
export function notationOf(contentType: string | undefined): '2.0' | '2.1' {
  const type = mediaType(contentType)
  if (type === v20) return '2.0'
  if (type === v21) return '2.1'
  throw new Refusal(415, `Unsupported media type. Supported are ${v20} and ${v21}.`, {
    headers: { 'accept-patch': `${v20}, ${v21}` },
  })
}

/** @throws Refusal 400 */
export function readOperations(body: object, notation: '2.0' | '2.1'): readonly Operation[] {
  if (!Array.isArray(body)) throw bad('Request body must be a JSON array of operation objects.')
  return body.map((given: unknown) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw bad('Operations must be JSON objects.')
    const fields = given as Readonly<Record<string, unknown>>
    const [verb, pointer] = notation === '2.0' ? olderVerb(fields) : newerVerb(fields)
    if (verb !== 'remove' && !Object.hasOwn(fields, 'value'))
      throw bad(`Operation "${verb}" requires a member named "value".`)
    return {
      verb,
      path: pathOf(verb, pointer),
      value: verb === 'remove' ? undefined : fields.value,
      overwrites: notation === '2.1',
    }
  })
}

function newerVerb(fields: Readonly<Record<string, unknown>>): [Verb, unknown] {
  const { op } = fields
  if (!Object.hasOwn(fields, 'op')) throw bad('Unable to find the member "op" of a change.')
  if (!verbs.some((verb) => verb === op))
    throw bad(`Operations must be one of ${verbs.join(', ')}: ${JSON.stringify(op)} is not.`)
  if (!Object.hasOwn(fields, 'path')) throw bad('Unable to find the member "path" of a change.')
  return [op as Verb, fields.path]
}

function olderVerb(fields: Readonly<Record<string, unknown>>): [Verb, unknown] {
  const [verb, other] = verbs.filter((name) => Object.hasOwn(fields, name))
  if (verb === undefined || other !== undefined)
    throw bad(`Operation objects must contain exactly one of the members ${verbs.join(', ')}.`)
  return [verb, fields[verb]]
}

function pathOf(verb: Verb, pointer: unknown): Operation['path'] {
  if (typeof pointer !== 'string') throw bad('A JSON pointer must be a string.')
  if (!pointer.startsWith('/')) throw bad(`Pointer \`${pointer}\` does not start with "/".`)
  if (pointer.endsWith('/')) throw bad(`Pointer \`${pointer}\` does end with "/".`)
  const segments = pointer.slice(1).split('/')
  if (segments.includes('')) throw bad(`Pointer \`${pointer}\` contains adjacent "/".`)
  if (/~(?![01])/.test(pointer))
    throw bad(`Pointer \`${pointer}\` contains "~" not part of a recognized escape sequence.`)
  const decoded = segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
  const depth = decoded[0] === 'locations' && verb !== 'replace' ? 2 : 1
  if (decoded.length !== depth) throw bad(`Invalid JSON pointer for this resource: '${pointer}'`)
  return decoded as unknown as Operation['path']
}
