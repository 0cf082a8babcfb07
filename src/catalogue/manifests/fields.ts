import { largestInteger } from '../images/rules.ts'
import {
  compressions,
  isObject,
  type JsonObject,
  manifestOses,
  manifestStates,
  manifestTypes,
  oneOf,
  own,
  publishedPattern,
  uuidPattern,
} from './manifest.ts'

/** Null when the value is good, else field name and message of each thing that is wrong with it. */
export type Checked = readonly (readonly [field: string, message: string])[] | null
type Check = (value: unknown, manifest: JsonObject) => Checked
/** The message, or null when the value is good. */
type Complaint = (value: unknown) => string | null

/** Bytes of the largest file that IMGAPI takes. */
export const largestFile = 20 * 1024 ** 3
const largestTags = 100 * 1024
export const namePattern = /^[A-Za-z0-9._/ -]+$/
export const versionPattern = /^[A-Za-z0-9._/+-]+$/
export const longest = {
  name: 1024,
  version: 512,
  description: 10_240,
  url: 1024,
  billingTag: 128,
  word: 255,
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isWord = (value: unknown) => isText(value) && value.trim() !== '' && value.length <= longest.word
export const isCount = (value: unknown, least: number, largest: number) =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= largest
const everyIs = (value: unknown, fits: (item: unknown) => boolean) =>
  Array.isArray(value) && value.every(fits)

const uuid: Complaint = (value) =>
  isText(value) && uuidPattern.test(value) ? null : 'Must be a lower-case UUID.'
const flag: Complaint = (value) => (typeof value === 'boolean' ? null : 'Must be true or false.')
const word: Complaint = (value) => (isWord(value) && !String(value).includes('\0') ? null : 'Must be a word.')

function matching(pattern: RegExp, most: number): Complaint {
  return (value) => {
    if (!isText(value) || !pattern.test(value)) return `Must be text that fits ${pattern.source}`
    return value.length > most ? `Must have at most ${most} characters.` : null
  }
}

function choice(list: readonly string[]): Complaint {
  return (value) => (oneOf(list, value) ? null : `Must be one of ${list.join(', ')}.`)
}

function texts(fits: (text: string) => boolean, message: string): Complaint {
  return (value) => (everyIs(value, (item) => isText(item) && fits(item)) ? null : message)
}

function count(least: number, largest: number): Complaint {
  return (value) =>
    isCount(value, least, largest) ? null : `Must be a whole number from ${least} to ${largest}.`
}

const url: Complaint = (value) => {
  if (!isText(value) || !/^https?:\/\/[^\s\0]+$/i.test(value) || !URL.canParse(value))
    return 'Must be an http or https URL.'
  return value.length > longest.url ? `Must have at most ${longest.url} characters.` : null
}

const description: Complaint = (value) => {
  if (!isText(value) || value.includes('\0')) return 'Must be text.'
  return value.length > longest.description ? `Must have at most ${longest.description} characters.` : null
}

const files: Check = (value, manifest) => {
  const most = manifest.type === 'lxd' ? 2 : 1
  if (!Array.isArray(value) || value.length > most)
    return [['files', `Must be an array of at most ${most} file${most > 1 ? 's' : ''}.`]]
  const found = value.flatMap((file, at) => {
    const message = fileComplaint(file)
    return message === null ? [] : [[`files[${at}]`, message] as const]
  })
  return found.length > 0 ? found : null
}

const fileComplaint: Complaint = (file) => {
  if (!isObject(file)) return 'Must be an object.'
  const sha1 = own(file, 'sha1')
  if (!isText(sha1) || !/^[0-9a-f]{40}$/.test(sha1)) return 'sha1 must be 40 hexadecimal digits.'
  if (!isCount(own(file, 'size'), 0, largestFile))
    return `size must be a whole number from 0 to ${largestFile}.`
  const compression = own(file, 'compression')
  if (!oneOf(compressions, compression)) return `compression must be one of ${compressions.join(', ')}.`
  const wrong = ['dataset_guid', 'uncompressedDigest', 'stor'].find(
    (key) => Object.hasOwn(file, key) && !isText(file[key]),
  )
  return wrong === undefined ? null : `${wrong} must be text.`
}

const isNetwork = (network: unknown) =>
  isObject(network) &&
  isWord(own(network, 'name')) &&
  (own(network, 'description') === undefined || isText(network.description))

const networks: Complaint = (value) =>
  everyIs(value, isNetwork) ? null : 'Must be an array of objects with name and description.'

const platform: Complaint = (value) =>
  isObject(value) &&
  Object.keys(value).length > 0 &&
  Object.entries(value).every(
    ([release, stamp]) => /^\d+\.\d+$/.test(release) && isText(stamp) && /^\d{8}T\d{6}Z$/.test(stamp),
  )
    ? null
    : 'Must be an object such as {"7.0": "20200101T000000Z"}.'

const requirementChecks: ReadonlyMap<string, Complaint> = new Map([
  ['networks', networks],
  ['brand', word],
  ['ssh_key', flag],
  ['min_ram', count(0, largestInteger)],
  ['max_ram', count(0, largestInteger)],
  ['min_platform', platform],
  ['max_platform', platform],
  ['bootrom', choice(['bios', 'uefi'])],
])

const requirements: Check = (value) => {
  if (!isObject(value)) return [['requirements', 'Must be an object.']]
  const found: [string, string][] = []
  for (const [key, check] of requirementChecks) {
    const message = Object.hasOwn(value, key) ? check(value[key]) : null
    if (message !== null) found.push([`requirements.${key}`, message])
  }
  const { min_ram: min, max_ram: max } = value
  if (found.length === 0 && typeof min === 'number' && typeof max === 'number' && min > max)
    found.push(['requirements.max_ram', 'Must not be less than min_ram.'])
  if (found.length === 0 && Object.hasOwn(value, 'bootrom') && value.brand !== 'bhyve')
    found.push(['requirements.bootrom', 'Needs the brand bhyve.'])
  const unknown = Object.keys(value).find((key) => !requirementChecks.has(key))
  if (unknown !== undefined) found.push(['requirements', `Unknown requirement "${unknown}".`])
  return found.length > 0 ? found : null
}

const users: Complaint = (value) =>
  everyIs(value, (user) => isObject(user) && isWord(own(user, 'name')))
    ? null
    : 'Must be an array of objects with a name.'

const tags: Complaint = (value) => {
  // Danube keeps its own tags as an array under one key, and its images are imported here, too.
  const fits = ([key, item]: [string, unknown]) =>
    ['string', 'number', 'boolean'].includes(typeof item) || (key === 'erigones' && everyIs(item, isText))
  if (!isObject(value) || !Object.entries(value).every(fits))
    return 'Must be an object of text, numbers and booleans.'
  return Buffer.byteLength(JSON.stringify(value)) > largestTags ? 'Must be at most 100 KiB.' : null
}

const traits: Complaint = (value) =>
  isObject(value) &&
  Object.values(value).every((item) => isText(item) || typeof item === 'boolean' || everyIs(item, isText))
    ? null
    : 'Must be an object of text, booleans and arrays of text.'

const failure: Complaint = (value) =>
  isObject(value) && isText(own(value, 'message')) ? null : 'Must be an object with a message.'

function only(field: string, complaint: Complaint): [string, Check] {
  return [
    field,
    (value) => {
      const message = complaint(value)
      return message === null ? null : [[field, message]]
    },
  ]
}

/** Every field of a manifest in the order of the table in danube.md 7.6, which is the order of the complaints. */
export const checks: ReadonlyMap<string, Check> = new Map([
  only('v', (value) => (value === 2 ? null : 'Must be 2.')),
  only('uuid', uuid),
  only('owner', uuid),
  only('origin', uuid),
  only('name', matching(namePattern, longest.name)),
  only('version', matching(versionPattern, longest.version)),
  only('description', description),
  only('homepage', url),
  only('eula', url),
  only('state', choice(manifestStates)),
  only('disabled', flag),
  only('public', flag),
  only('published_at', matching(publishedPattern, 24)),
  only('type', choice(manifestTypes)),
  only('os', choice(manifestOses)),
  ['files', files],
  only('icon', flag),
  only(
    'acl',
    texts((text) => uuidPattern.test(text), 'Must be an array of lower-case UUIDs.'),
  ),
  ['requirements', requirements],
  only('users', users),
  only('generate_passwords', flag),
  only(
    'inherited_directories',
    texts((text) => text.startsWith('/'), 'Must be an array of absolute paths.'),
  ),
  only('nic_driver', word),
  only('disk_driver', word),
  only('cpu_type', word),
  only('image_size', count(1, largestInteger)),
  only('tags', tags),
  only(
    'billing_tags',
    texts(
      (text) => text.length <= longest.billingTag,
      'Must be an array of texts of at most 128 characters.',
    ),
  ),
  only('traits', traits),
  only(
    'channels',
    texts((text) => text !== '', 'Must be an array of channel names.'),
  ),
  only('urn', (value) => (isText(value) ? null : 'Must be text.')),
  only('error', failure),
])
