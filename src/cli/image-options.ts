import type { Command } from 'commander'
import type { WireImageDraft } from '../faces/console/wire.ts'
import { misuse } from './errors.ts'

/** The options that describe an image, as `upload`, `import` and `set` share them. */

export type DescriptionOptions = {
  readonly name?: string
  readonly format?: string
  readonly container?: string
  readonly visibility?: string
  readonly project?: string
  readonly region?: string
  readonly tag?: readonly string[]
  readonly property?: readonly string[]
  readonly minDisk?: number
  readonly minRam?: number
  readonly protected?: boolean
  readonly hidden?: boolean
  readonly osDistro?: string
  readonly osVersion?: string
  readonly osType?: string
  readonly architecture?: string
  readonly adminUser?: string
  readonly description?: string
}

/** For options that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
]

export function whole(name: string): (value: string) => number {
  return (value) => {
    if (/^\d{1,15}$/.test(value)) return Number(value)
    throw misuse(`${name} must be a whole number, not "${value}".`)
  }
}

export function describing(command: Command): Command {
  return command
    .option('--name <name>', 'what people call it')
    .option('--format <format>', 'disk format: qcow2, raw, vmdk, vdi, vhd, vhdx, iso, …')
    .option('--container <format>', 'container format')
    .option('--visibility <who>', 'private, shared, community or public')
    .option('--project <name>', 'the project that owns it')
    .option('--region <name>', 'the location it belongs to')
    .option('--tag <tag>', 'a tag; may be repeated', collect)
    .option('--property <name=value>', 'a property; may be repeated', collect)
    .option('--min-disk <GB>', 'the smallest disk it fits on', whole('--min-disk'))
    .option('--min-ram <MB>', 'the least memory it needs', whole('--min-ram'))
    .option('--protected', 'refuse to delete it')
    .option('--hidden', 'leave it out of the lists of others')
    .option('--os-distro <name>', 'such as debian')
    .option('--os-version <version>', 'such as 13')
    .option('--os-type <type>', 'linux or windows')
    .option('--architecture <name>', 'such as x86_64')
    .option('--admin-user <name>', 'the login user in it')
    .option('--description <text>', 'more about it')
}

/** What the options say, as the server takes it; what is absent is left out. */
export function toDraft(options: DescriptionOptions): WireImageDraft {
  const properties = propertiesOf(options)
  return {
    ...given('name', options.name),
    ...given('diskFormat', options.format),
    ...given('containerFormat', options.container),
    ...given('visibility', options.visibility),
    ...given('project', options.project),
    ...given('region', options.region),
    ...given('tags', options.tag),
    ...given('minDisk', options.minDisk),
    ...given('minRam', options.minRam),
    ...given('protected', options.protected),
    ...given('hidden', options.hidden),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  }
}

export function given<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [key in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [key in Key]: Value })
}

function propertiesOf(options: DescriptionOptions): Record<string, string> {
  const properties: Record<string, string> = {}
  for (const text of options.property ?? []) {
    const at = text.indexOf('=')
    if (at < 1) throw misuse(`--property ${text}: write it as name=value.`)
    properties[text.slice(0, at)] = text.slice(at + 1)
  }
  // The names under which all faces know these facts (one-catalogue.md section 3).
  return {
    ...properties,
    ...given('os_distro', options.osDistro),
    ...given('os_version', options.osVersion),
    ...given('os_type', options.osType),
    ...given('architecture', options.architecture),
    ...given('os_admin_user', options.adminUser),
    ...given('description', options.description),
  } as Record<string, string>
}
