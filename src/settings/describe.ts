import type { StorePlan } from '../store/store-url.ts'
import type { Settings } from './schema.ts'

const hidden = '***'

/** Of these it is told only whether they are set. */
export const secretSettings = ['adminPassword', 'keystonePassword'] as const satisfies (keyof Settings)[]

/** The settings for the start-up log: all of them, in words, without passwords and keys. */
export function describeSettings(settings: Settings): Readonly<Record<string, unknown>> {
  return {
    ...settings,
    ...Object.fromEntries(secretSettings.map((key) => [key, settings[key] === null ? null : hidden])),
    databaseUrl: withoutSecrets(settings.databaseUrl),
    storeUrl: settings.storeUrl.map(describeStore),
  }
}

function describeStore(store: StorePlan): Readonly<Record<string, unknown>> {
  if (store.type === 'file') return store
  const { credentials, endpoint, ...rest } = store
  return {
    ...rest,
    ...(endpoint ? { endpoint: withoutSecrets(endpoint) } : {}),
    ...(credentials ? { credentials: hidden } : {}),
  }
}

/** A URL can carry secrets after the user's name, that of PostgreSQL also in its query. */
export function withoutSecrets(text: string): string {
  if (text.startsWith('sqlite:')) return text
  const url = new URL(text)
  if (url.password !== '') url.password = hidden
  for (const name of [...url.searchParams.keys()]) {
    if (/pass|secret|key/i.test(name)) url.searchParams.set(name, hidden)
  }
  return url.href
}
