/** What an installation can do that clients look for by the version (glance.md section 2). */
export type Abilities = {
  /** With several stores: the store header, copy-image, the tasks of an image. */
  readonly severalStores: boolean
  /** The API of locations, 2.17. */
  readonly locations: boolean
}

/** Minor versions, newest first. */
export function minorsOf({ severalStores, locations }: Abilities): readonly number[] {
  const always = [15, 9, 7, 6, 5, 4, 3, 2, 1, 0]
  const minors = [...always, ...(locations ? [17] : []), ...(severalStores ? [8, 10, 11, 12, 13] : [])]
  return minors.sort((a, b) => b - a)
}

/** @param origin for absolute links, without a slash at its end */
export function versionDocument(origin: string, abilities: Abilities): object {
  return {
    versions: minorsOf(abilities).map((minor, place) => ({
      id: `v2.${minor}`,
      status: place === 0 ? 'CURRENT' : 'SUPPORTED',
      links: [{ rel: 'self', href: `${origin}/v2/` }],
    })),
  }
}
