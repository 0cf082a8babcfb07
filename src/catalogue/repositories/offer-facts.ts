import { fold } from '../fold.ts'
import { type Compression, compressions, isObject, oneOf, own } from '../manifests/manifest.ts'
import { type Ostype, ostypeOf } from '../manifests/ostype.ts'
import { defaultImageSizeMb, integerOf, textOf } from '../manifests/read.ts'
import { upgraded } from '../manifests/upgrade.ts'
import type { Offer } from './repository.ts'

/** What an offered image says of itself. The manifest is a stranger's: whatever of it makes no sense counts as not said. */
export type OfferFacts = {
  readonly name: string
  readonly version: string
  readonly type: string
  readonly os: string
  readonly ostype: Ostype
  /** As the repository wrote it. */
  readonly published: string
  readonly description: string
  readonly homepage: string
  readonly state: string
  /** Of the disk. */
  readonly imageSizeMb: number
  /** Bytes of the file as it is sent. */
  readonly fileSize: number | null
  readonly compression: Compression | null
}

export function offerFacts({ manifest }: Pick<Offer, 'manifest'>): OfferFacts {
  const facts = upgraded(manifest)
  const text = (key: string) => {
    const value = textOf(own(facts, key))
    return value?.isWellFormed() && !value.includes('\0') ? value : ''
  }
  const count = (value: unknown) => integerOf(value, Number.MAX_SAFE_INTEGER) || null
  const files = own(facts, 'files')
  const first: unknown = Array.isArray(files) ? files[0] : undefined
  const file = isObject(first) ? first : {}
  const compression = own(file, 'compression')
  return {
    name: text('name'),
    version: text('version'),
    type: text('type'),
    os: text('os'),
    ostype: ostypeOf(text('type'), text('os')),
    published: text('published_at'),
    description: text('description'),
    homepage: text('homepage'),
    // A repository lists what is active, also where it does not say so.
    state: text('state') || 'active',
    imageSizeMb: count(own(facts, 'image_size')) ?? defaultImageSizeMb,
    fileSize: count(own(file, 'size')),
    compression: oneOf(compressions, compression) ? compression : null,
  }
}

/** PostgreSQL refuses index entries that are much longer; in characters. */
const longest = { name: 200, word: 100, text: 2000 }

/** What a list of offers is searched and sorted by, as columns of its row. */
export function offerColumns(offer: Offer) {
  const { name, version, type, os, description, fileSize } = offerFacts(offer)
  const cut = (text: string, length: number) => text.slice(0, length).toWellFormed()
  return {
    name_fold: cut(fold(name), longest.name),
    type: cut(type, longest.word),
    os: cut(os, longest.word),
    search_text: cut(fold([name, version, description, offer.uuid].join(' ')), longest.text),
    size: fileSize ?? 0,
  }
}
