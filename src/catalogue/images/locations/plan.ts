import { isDeepStrictEqual } from 'node:util'
import { Failure } from '../../failure.ts'
import type { Image, ImageDigests } from '../image.ts'
import type { ImageLocation, RemoteLocation } from './location.ts'
import { demandDigests, demandLocation, demandNumber, type Promised } from './rules.ts'

export type GivenLocation = RemoteLocation & {
  /** What the bytes there are said to be. */
  readonly promised?: Promised
}

/** `place` counts all locations of the image as they are shown, from 0 on. */
export type LocationChange =
  /** Without a place behind all others. */
  | { readonly verb: 'add'; readonly location: GivenLocation; readonly place?: number }
  | { readonly verb: 'replace'; readonly locations: readonly GivenLocation[] }
  | { readonly verb: 'remove'; readonly place: number }

/** What changes would make of an image. */
export type Plan = {
  readonly remote: readonly RemoteLocation[]
  /** URLs among them that are new: what is there has not been looked at. */
  readonly added: readonly string[]
  /** The image gets its first bytes by them, and these digests. */
  readonly activates: Pick<ImageDigests, 'md5' | 'sha512'> | null
}

type State = Pick<Image, 'uuid'> & {
  readonly status: string
  readonly digests: Pick<ImageDigests, 'md5' | 'sha512'>
  readonly locations: readonly ImageLocation[]
}

/**
 * Carries changes out in their order, each on what the ones before it left (glance.md section 16). Nothing is written and
 * nobody asked.
 * @throws Failure `state`; `conflict` (reason `digests`: other bytes are promised); `quota` (reason `locations`); `forbidden`
 * (reason `location`: the last one, or a store's own, would go); `invalid` (reason `location`)
 */
export function planned(
  image: Image,
  locations: readonly ImageLocation[],
  changes: readonly LocationChange[],
): Plan {
  let state: State = { uuid: image.uuid, status: image.status, digests: image.digests, locations }
  for (const change of changes) state = carriedOut(state, change)
  const remote = state.locations.filter(({ own }) => !own).map(({ url, metadata }) => ({ url, metadata }))
  const known = new Set(locations.map(({ url }) => url))
  return {
    remote,
    added: remote.map(({ url }) => url).filter((url) => !known.has(url)),
    activates: image.status === 'queued' && remote.length > 0 ? state.digests : null,
  }
}

function carriedOut(state: State, change: LocationChange): State {
  const takes: readonly string[] = change.verb === 'remove' ? ['active'] : ['queued', 'active']
  if (!takes.includes(state.status))
    throw new Failure(
      'state',
      `It's not allowed to ${change.verb} locations if image status is ${state.status}.`,
      { subject: 'image', id: state.uuid, reason: 'location', status: state.status },
    )
  switch (change.verb) {
    case 'add':
      return added(state, change.location, change.place ?? state.locations.length)
    case 'replace':
      return replaced(state, change.locations)
    case 'remove':
      return removed(state, change.place)
  }
}

function added(state: State, { promised, ...location }: GivenLocation, place: number): State {
  demandLocation(location)
  const { locations } = state
  if (locations.some(({ url }) => url === location.url))
    throw invalid('This location is already one of the image.')
  if (place > locations.length) throw invalid('Invalid position for adding a location.')
  demandNumber(locations.length + 1)
  const others = locations.toSpliced(place, 0, { ...location, own: false })
  return {
    ...state,
    status: 'active',
    digests: demandDigests(state.digests, promised, state.status === 'queued'),
    // The stores come first whatever place was asked for.
    locations: [...others.filter(({ own }) => own), ...others.filter(({ own }) => !own)],
  }
}

/** Of locations that there are only what is said of them can change; the first ones can be given like this, too. */
function replaced(state: State, given: readonly GivenLocation[]): State {
  if (given.length === 0) throw forbidden('Cannot set locations to empty list.')
  if (state.locations.length === 0)
    return given.reduce((before, location) => added(before, location, before.locations.length), state)
  const present = new Map(state.locations.map((location) => [location.url, location]))
  const urls = new Set(given.map(({ url }) => url))
  if (urls.size !== given.length) throw invalid('A location is given more than once.')
  if (urls.size !== present.size || [...urls].some((url) => !present.has(url)))
    throw invalid('Original locations is not empty: only their metadata can be replaced.')
  const locations = given.map(({ promised, ...location }): ImageLocation => {
    demandLocation(location)
    demandDigests(state.digests, promised, false)
    const { own, metadata } = present.get(location.url)!
    if (own && !isDeepStrictEqual(metadata, location.metadata))
      throw invalid('The metadata of a location that is a store cannot be replaced.')
    return { ...location, own }
  })
  return {
    ...state,
    locations: [...locations.filter(({ own }) => own), ...locations.filter(({ own }) => !own)],
  }
}

function removed(state: State, place: number): State {
  const location = state.locations[place]
  if (state.locations.length === 1) throw forbidden('Cannot remove last location in the image.')
  if (!location) throw invalid('Invalid position for removing a location.')
  if (location.own) throw forbidden('A location that is a store can only be removed as a store of the image.')
  return { ...state, locations: state.locations.toSpliced(place, 1) }
}

function invalid(message: string): Failure {
  return new Failure('invalid', message, { subject: 'location', reason: 'location' })
}

function forbidden(message: string): Failure {
  return new Failure('forbidden', message, { subject: 'location', reason: 'location' })
}
