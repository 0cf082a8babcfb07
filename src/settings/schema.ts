import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { Failure } from '../catalogue/failure.ts'
import { parseAllowList } from '../outbound/allow-list.ts'
import { databaseUrl, origin, serviceUrl, storeUrls } from './urls.ts'
import {
  bytes,
  bytesOrNone,
  host,
  listOf,
  mustBe,
  network,
  oneOf,
  onOff,
  path,
  pathOrOff,
  setting,
  text,
  whole,
  wholeOr,
  wordsOf,
} from './values.ts'

/** glance.md section 13.4. */
export const importMethods = ['glance-direct', 'web-download', 'glance-download', 'copy-image'] as const

/** onecloudplanet.md section 1.9. */
export const cleanupFormats = ['ami', 'ari', 'aki', 'vhd', 'vmdk', 'raw', 'qcow2', 'vdi', 'iso'] as const

/** onecloudplanet.md section 4.3. */
export const ocpFeatures = [
  'openstack.images',
  'openstack.images.copy',
  'openstack.images.download',
  'openstack.images.file_uploads',
  'openstack.images.updatecreate',
  'openstack.images.show-price-on-create',
  'openstack.images.showcommunity',
  'openstack.images.showshared',
  'openstack.cleanup',
  'openstack.cleanup.images',
  'openstack.cleanup.images.showdate',
] as const

/**
 * Every setting of one-catalogue.md section 5 and every limit that operators may set: `publicUrl` is
 * IMAGEPORT_PUBLIC_URL in the environment and `public_url` or `publicUrl` in the settings file.
 * Relative paths count from `cwd`.
 */
export function settingsSchema(place: { readonly cwd: string; readonly dataDir: string }) {
  const { cwd, dataDir } = place
  return z
    .object({
      // Listening
      host: host().default('127.0.0.1'),
      /** 0: any free port. */
      port: whole(0, 65535).default(8080),
      /** Origin for links, without a slash at its end; null: as the client asked. */
      publicUrl: origin().nullable().default(null),
      /** Addresses and CIDRs of the proxies whose forwarding headers count. */
      trustedProxies: listOf(network).default([]),
      /** Processes. Default: 1 with SQLite, one for each processor with PostgreSQL. */
      workers: whole(1, 256).optional(),
      /** Seconds that running requests have to finish when the server is told to stop. */
      shutdownSeconds: whole(0, 3600).default(30),
      /** Seconds without a byte after which a transfer is ended. */
      idleSeconds: whole(1, 86_400).default(120),
      logLevel: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
      /** Who may read /metrics; `local`: only callers on this machine's loopback addresses. */
      metrics: oneOf('local', 'public', 'off').default('local'),

      // Where things are kept
      dataDir: path(cwd).default(dataDir),
      /** The file with the key that tokens and links are signed with. */
      secretFile: path(cwd).default(join(dataDir, 'secret.key')),
      databaseUrl: databaseUrl(cwd).default(`sqlite:${join(dataDir, 'imageport.sqlite')}`),
      /** `normal` may lose the last commits in a power cut, and is faster. */
      sqliteSynchronous: oneOf('full', 'normal').default('full'),
      /** PostgreSQL connections of each process. */
      databasePool: whole(1, 1000).default(10),
      /** At least one; the first is the default store. */
      storeUrl: storeUrls(dataDir).default([
        { name: 'default', type: 'file', directory: join(dataDir, 'blobs'), readOnly: false },
      ]),
      /** Bytes that stay free in a file store. */
      freeSpaceFloor: bytes(0).default(64 * 1024 ** 2),
      /** Where disk files of recorded instances lie; null: nowhere. */
      disksDir: pathOrOff(cwd).nullable().default(null),

      // Limits; null: none
      /** Bytes. */
      maxImageSize: bytesOrNone(1).nullable().default(null),
      /** Uploads that one process receives at once; more are told to come again later. */
      maxUploads: whole(1, 100_000).default(32),
      /** Bytes that the images of one project may have together, where the project has no quota of its own. */
      quotaBytes: bytesOrNone(0).nullable().default(null),
      /** Images that one project may have, where the project has no quota of its own. */
      quotaImages: wholeOr('none', 0).nullable().default(null),
      /** Bytes that may wait in one project to be imported, likewise. */
      quotaStagedBytes: bytesOrNone(0).nullable().default(null),
      /** Images of one project whose bytes may be on their way at once, likewise. */
      quotaUploads: wholeOr('none', 0).nullable().default(null),
      /** Requests per minute and caller; null: off. */
      rateLimit: wholeOr('off', 1).nullable().default(null),

      // People and tokens
      /** Password of the user `admin` on the first start; null: made and printed once. */
      adminPassword: text({ secret: true }).nullable().default(null),
      /** Whether the embedded Identity is served; an external Keystone takes its place in any case. */
      identity: oneOf('embedded', 'off').default('embedded'),
      /** Life of an issued token, in seconds. */
      tokenSeconds: whole(1).default(3600),
      /** The address of an external Keystone's Identity, for this server; null: none. */
      keystoneUrl: serviceUrl().nullable().default(null),
      /** The address under which its callers know it; null: the same. */
      keystonePublicUrl: serviceUrl().nullable().default(null),
      keystoneUsername: text().nullable().default(null),
      keystonePassword: text({ secret: true }).nullable().default(null),
      keystoneProject: text().nullable().default(null),
      /** Names of the domains of that user and project. */
      keystoneUserDomain: text().default('Default'),
      keystoneProjectDomain: text().default('Default'),
      /** A file with the certificates to trust, in PEM; null: the system's. */
      keystoneCa: path(cwd).nullable().default(null),
      /** Seconds that one question may take, with everything that is repeated for it. */
      keystoneTimeoutSeconds: whole(1, 300).default(10),
      /** Seconds for which a token that Keystone found good is not asked about again; 0: ask each time. */
      keystoneCacheSeconds: whole(0).default(300),

      // Bytes that come from elsewhere
      /** Private places that outgoing fetches may reach, as `parseAllowList` of outbound/allow-list.ts reads it. */
      importAllow: setting(allowList).default(''),
      importMethods: wordsOf(importMethods).default(importMethods),
      /** What a mismatch of declared and found format leads to; hostile images are always refused. */
      formatCheck: oneOf('refuse', 'warn').default('refuse'),

      // Faces
      /** Whether image locations are shown and may be set: glance.md section 16. */
      locations: onOff().default(false),
      /** The first is the default channel; empty: off. */
      imgapiChannels: listOf(channelName, 'off').default([]),
      /** Addresses and CIDRs whose anonymous IMGAPI callers may read private images. */
      imgapiPrivate: listOf(network).default([]),
      /** OneCloudPlanet feature switches to turn off. */
      ocpFeaturesOff: wordsOf(ocpFeatures).default([]),
      /** Whether images of these formats are deleted when they are this old: onecloudplanet.md section 1.9. */
      cleanupEnabled: onOff().default(false),
      cleanupDays: whole(1, 36_500).default(14),
      cleanupFormats: wordsOf(cleanupFormats).default(cleanupFormats),
    })
    .check(({ value, issues }) => {
      const needs = ['keystoneUsername', 'keystonePassword', 'keystoneProject'] as const
      for (const key of needs) {
        if ((value[key] === null) === (value.keystoneUrl === null)) continue
        const message =
          value[key] === null
            ? 'must be set, because the Keystone URL is'
            : 'is of no use without the Keystone URL'
        issues.push({ code: 'custom', path: [key], message, input: value })
      }
      for (const key of ['keystonePublicUrl', 'keystoneCa'] as const) {
        if (value[key] === null || value.keystoneUrl !== null) continue
        const message = 'is of no use without the Keystone URL'
        issues.push({ code: 'custom', path: [key], message, input: value })
      }
      if (value.databaseUrl === 'sqlite::memory:' && (value.workers ?? 1) > 1) {
        const message = 'must be 1 with sqlite::memory:, which only one process can see'
        issues.push({ code: 'custom', path: ['workers'], message, input: value })
      }
    })
    .transform(({ workers, ...rest }) => ({
      ...rest,
      workers: workers ?? (rest.databaseUrl.startsWith('sqlite:') ? 1 : availableParallelism()),
    }))
}

export type Settings = Readonly<z.output<ReturnType<typeof settingsSchema>>> & {
  /** The settings file that was read; null: none. */
  readonly settingsFile: string | null
  /** Where each setting was found, by its key: a variable, or a line of the settings file. Defaults are not in it. */
  readonly found: Readonly<Record<string, string>>
}

function allowList(value: string): string {
  try {
    parseAllowList(value)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw mustBe('a list of addresses, CIDRs and host names, each with or without :port')
  }
  return value
}

function channelName(item: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,63}$/.test(item)) return item
  throw mustBe('off or a list of channel names made of letters, digits, dot, hyphen and underscore')
}
