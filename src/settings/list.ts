import type { StorePlan } from '../store/store-url.ts'
import { describeSettings, secretSettings, withoutSecrets } from './describe.ts'
import { variableName } from './names.ts'
import type { Settings } from './schema.ts'

/** A setting as it is shown to administrators. */
export type ListedSetting = {
  /** Its variable. */
  readonly name: string
  /** Null: none, or off. Of a secret only whether it is set. */
  readonly value: string | number | boolean | null | readonly string[]
  readonly secret: boolean
  /** What a number counts; null: things, or it is no number. */
  readonly unit: Unit | null
  readonly from: 'environment' | 'file' | 'default'
  /** The line of the settings file that says it; null: no file does. */
  readonly place: string | null
}

export type Unit = 'bytes' | 'seconds' | 'days' | 'requests-per-minute'

type Key = Exclude<keyof Settings, 'settingsFile' | 'found'>

const units: Partial<Record<Key, Unit>> = {
  cleanupDays: 'days',
  freeSpaceFloor: 'bytes',
  idleSeconds: 'seconds',
  keystoneCacheSeconds: 'seconds',
  keystoneTimeoutSeconds: 'seconds',
  maxImageSize: 'bytes',
  quotaBytes: 'bytes',
  quotaStagedBytes: 'bytes',
  rateLimit: 'requests-per-minute',
  shutdownSeconds: 'seconds',
  tokenSeconds: 'seconds',
}

/** All of them in their order, without passwords and keys. */
export function listSettings(settings: Settings): readonly ListedSetting[] {
  const {
    settingsFile: _file,
    found,
    ...shown
  } = describeSettings(settings) as Record<Key, unknown> & Pick<Settings, 'settingsFile' | 'found'>
  return (Object.keys(shown) as Key[]).map((key) => {
    const name = variableName(key)
    const secret = (secretSettings as readonly Key[]).includes(key)
    const place = found[key] ?? null
    const from = place === null ? 'default' : place === name ? 'environment' : 'file'
    return {
      name,
      value: secret ? settings[key] !== null : key === 'storeUrl' ? stores(settings) : plain(shown[key]),
      secret,
      unit: units[key] ?? null,
      from,
      place: from === 'file' ? place : null,
    }
  })
}

/** @throws Error for what would need words of its own to be shown */
function plain(value: unknown): ListedSetting['value'] {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value))
    return value as ListedSetting['value']
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw new Error(`This setting cannot be listed: ${JSON.stringify(value)}`)
}

const stores = ({ storeUrl }: Settings): string[] => storeUrl.map(storeText)

/** As IMAGEPORT_STORE_URL says it, without keys. */
function storeText(store: StorePlan): string {
  const { name } = store
  const readOnly = store.readOnly ? ['readOnly=true'] : []
  if (store.type === 'file') return `${name}=file:${store.directory}${queryOf(readOnly)}`
  const { bucket, prefix = '', endpoint, region } = store
  const query = queryOf([
    ...(endpoint ? [`endpoint=${withoutSecrets(endpoint)}`] : []),
    ...(region ? [`region=${region}`] : []),
    ...readOnly,
  ])
  return `${name}=s3://${bucket}/${prefix}${query}`
}

const queryOf = (parts: readonly string[]) => (parts.length === 0 ? '' : `?${parts.join('&')}`)
