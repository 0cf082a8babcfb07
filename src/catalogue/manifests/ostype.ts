import type { ManifestOs, ManifestType } from './manifest.ts'

/** 1 Linux VM, 2 SunOS VM, 3 BSD VM, 4 Windows VM, 5 SunOS zone, 6 Linux zone (danube.md 1.2). */
export type Ostype = 1 | 2 | 3 | 4 | 5 | 6

const ostypes: Readonly<Record<string, Ostype>> = { smartos: 2, illumos: 2, linux: 1, bsd: 3, windows: 4 }

/** Danube's number for a manifest's `type` and `os`, whatever these say (danube.md 1.6). */
export function ostypeOf(type: string | undefined, os: string | undefined): Ostype {
  if (type === 'zone-dataset') return 5
  if (type === 'lx-dataset') return 6
  return os !== undefined && Object.hasOwn(ostypes, os) ? ostypes[os]! : 1
}

const oses: Readonly<Record<Ostype, ManifestOs>> = {
  1: 'linux',
  2: 'illumos',
  3: 'bsd',
  4: 'windows',
  5: 'smartos',
  6: 'linux',
}

/** The `os` that is written for a Danube number. */
export function osOf(ostype: Ostype): ManifestOs {
  return oses[ostype]
}

/** The `type` of an image that Danube made itself: zones are datasets, every other machine has a virtual disk. */
export function typeOf(ostype: Ostype): ManifestType {
  if (ostype === 5) return 'zone-dataset'
  return ostype === 6 ? 'lx-dataset' : 'zvol'
}

/** Beginnings of `os_distro` and `os_type` values, which often carry a version (`freebsd14`). */
const families: readonly (readonly [ManifestOs, readonly string[]])[] = [
  ['windows', ['windows']],
  ['bsd', ['freebsd', 'openbsd', 'netbsd', 'dragonfly', 'bsd']],
  ['smartos', ['smartos']],
  ['illumos', ['illumos', 'openindiana', 'omnios', 'solaris', 'opensolaris', 'tribblix']],
  ['other', ['msdos', 'netware', 'macos', 'darwin']],
  ['linux', ['linux']],
]
const sayNothing: readonly string[] = ['', 'unknown', 'other', 'others', 'none']

/** The manifest `os` of an image that came through another face: from its OS facts, the distribution before the kind. */
export function osFromFacts(properties: Readonly<Record<string, string>>): ManifestOs {
  const distro = fact(properties, 'os_distro')
  const known = familyOf(distro) ?? familyOf(fact(properties, 'os_type'))
  // Distributions without number are Linux; nobody keeps a list of them.
  return known ?? (sayNothing.includes(distro) ? 'other' : 'linux')
}

function fact(properties: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(properties, name) ? String(properties[name]).trim().toLowerCase() : ''
}

function familyOf(name: string): ManifestOs | undefined {
  return families.find(([, beginnings]) => beginnings.some((beginning) => name.startsWith(beginning)))?.[0]
}
