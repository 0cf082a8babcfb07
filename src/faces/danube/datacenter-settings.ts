import { imageServerName, type Unfit } from '../../catalogue/image-server.ts'
import type { InstallationSettings } from '../../catalogue/installation-settings.ts'
import type {
  DatacenterChoices,
  DatacenterSettings,
  DatacenterSettingsPatch,
} from '../../catalogue/people/datacenters/settings.ts'
import {
  longestRepositoryName,
  mostRepositories,
  repositoryName,
} from '../../catalogue/repositories/naming.ts'
import { type Fields, fields, invalidValue, tooLong } from './fields.ts'
import { type Context, done, type Route } from './route.ts'

/** Settings of a datacenter; those of the installation are set in `main` (danube.md 1.9, 4.3). */
export const datacenterSettingsRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/dc/:dc/settings',
    summary: 'Show the settings of a datacenter',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment }) {
      return done(toWire(await parts.catalogue.datacenterSettings.view(actor, segment('dc'))))
    },
  },
  {
    method: 'PUT',
    path: '/dc/:dc/settings',
    summary: 'Change the settings of a datacenter',
    scope: 'main',
    group: 'u',
    async handle(context) {
      const { actor, data } = context
      const { datacenterSettings } = context.parts.catalogue
      const { name, main } = await datacenterSettings.forChange(actor, context.segment('dc'))
      const read = fields(data)
      const choices = readChoices(context, read)
      const patch: DatacenterSettingsPatch = main
        ? { ...choices, installation: await readInstallation(context, read) }
        : choices
      read.demand()
      const told = Object.fromEntries(Object.entries(toldOf(patch)).filter(([key]) => read.has(key)))
      return done(toWire(await datacenterSettings.change(actor, name, patch, told)))
    },
  },
]

const longestList = 16
const longestUrl = 1024

const unfit: Readonly<Record<Unfit, string>> = {
  absent: 'VM not found',
  status: 'Invalid VM status; VM must be running or stopped.',
  ostype: 'Invalid OS type; VM must be a SunOS Zone.',
}

const tooMany = (number: number, most: number) =>
  `Ensure this value has at most ${most} items (it has ${number}).`

const isNothing = (value: unknown) => value === null || value === ''

function readChoices({ data }: Context, read: Fields): Partial<DatacenterChoices> {
  const imageLimit = isNothing(data.VMS_IMAGE_LIMIT) ? null : read.integer('VMS_IMAGE_LIMIT', { min: 0 })
  const logUserCallbacks = read.boolean('API_LOG_USER_CALLBACK')
  return {
    ...(imageLimit === undefined ? {} : { imageLimit }),
    ...(logUserCallbacks === undefined ? {} : { logUserCallbacks }),
  }
}

async function readInstallation(context: Context, read: Fields): Promise<Partial<InstallationSettings>> {
  const imageServerNic = read.integer('VMS_IMAGE_VM_NIC', { min: 1, max: 6 })
  const imageSources = readSources(read)
  const repositories = readRepositories(context, read)
  return {
    ...(await readImageServer(context, read)),
    ...(imageServerNic === undefined ? {} : { imageServerNic }),
    ...(imageSources === undefined ? {} : { imageSources }),
    ...(repositories === undefined ? {} : { repositories }),
  }
}

/** Nothing: images are records only. Imageport's own name: it is the image server itself. */
async function readImageServer(
  { parts, actor, data }: Context,
  read: Fields,
): Promise<Partial<InstallationSettings>> {
  if (!read.has('VMS_IMAGE_VM')) return {}
  if (isNothing(data.VMS_IMAGE_VM)) return { imageServer: false, imageServerVm: null }
  const text = read.text('VMS_IMAGE_VM', { pattern: null })
  if (text === undefined) return {}
  if (text === imageServerName) return { imageServer: true, imageServerVm: null }
  const found = await parts.catalogue.imageServer.candidate(actor, text)
  if ('uuid' in found) return { imageServer: true, imageServerVm: found.uuid }
  read.fail('VMS_IMAGE_VM', unfit[found.unfit])
  return {}
}

function readSources(read: Fields): string[] | undefined {
  const sources = read.list('VMS_IMAGE_SOURCES', /./)
  if (sources === undefined) return undefined
  if (sources.length > longestList) read.fail('VMS_IMAGE_SOURCES', tooMany(sources.length, longestList))
  if (!sources.every(isUrl)) read.fail('VMS_IMAGE_SOURCES', invalidValue)
  return sources
}

function readRepositories({ data }: Context, read: Fields): Record<string, string> | undefined {
  const name = 'VMS_IMAGE_REPOSITORIES'
  const value = data[name] === null ? {} : objectOf(data[name])
  if (value === undefined) return undefined
  if (value === null) {
    read.fail(name, invalidValue)
    return undefined
  }
  const entries = Object.entries(value)
  if (entries.length > mostRepositories) read.fail(name, tooMany(entries.length, mostRepositories))
  for (const [key, url] of entries) {
    if (key.length > longestRepositoryName) read.fail(name, tooLong(longestRepositoryName, key.length))
    if (!repositoryName.test(key) || typeof url !== 'string' || !isUrl(url)) read.fail(name, invalidValue)
  }
  return value as Record<string, string>
}

/** `es` may send an object as text. Undefined: nothing said; null: no object. */
function objectOf(value: unknown): object | null | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') {
    try {
      return objectOf(JSON.parse(value)) ?? null
    } catch {
      return null
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
}

/** By the rule of all URL fields. */
function isUrl(url: string): boolean {
  const read = fields({ url })
  return read.url('url', { max: longestUrl, required: true }) !== undefined
}

function toldOf({ installation, ...choices }: DatacenterSettingsPatch): Record<string, unknown> {
  return {
    API_LOG_USER_CALLBACK: choices.logUserCallbacks,
    VMS_IMAGE_LIMIT: choices.imageLimit,
    ...(installation
      ? {
          VMS_IMAGE_VM: shownServer(installation),
          VMS_IMAGE_VM_NIC: installation.imageServerNic,
          VMS_IMAGE_SOURCES: installation.imageSources,
          VMS_IMAGE_REPOSITORIES: installation.repositories && Object.keys(installation.repositories),
        }
      : {}),
  }
}

function shownServer({ imageServer, imageServerVm }: Partial<InstallationSettings>): string | null {
  return imageServer ? (imageServerVm ?? imageServerName) : null
}

function toWire({ name, imageLimit, logUserCallbacks, installation }: DatacenterSettings): object {
  return {
    dc: name,
    API_LOG_USER_CALLBACK: logUserCallbacks,
    VMS_IMAGE_LIMIT: imageLimit,
    ...(installation === null
      ? {}
      : {
          VMS_IMAGE_VM: shownServer(installation),
          VMS_IMAGE_VM_NIC: installation.imageServerNic,
          VMS_IMAGE_SOURCES: installation.imageSources,
          VMS_IMAGE_REPOSITORIES: installation.repositories,
        }),
  }
}
