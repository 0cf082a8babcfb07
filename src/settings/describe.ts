import type { Settings } from '../settings.ts'
import type { StorePlan } from '../store/store-url.ts'

const hidden = '***'

/** The settings for the start-up log: all of them, in words, without passwords and keys. */
export function describeSettings(settings: Settings): Readonly<Record<string, unknown>> {
  return {
    ...settings,
    adminPassword: settings.adminPassword === null ? null : hidden,
    keystonePassword: settings.keystonePassword === null ? null : hidden,
    databaseUrl: withoutSecrets(settings.databaseUrl),
    storeUrl: settings.storeUrl.map(describeStore),
  }
}

function describeStore(store: StorePlan): Readonly<Record<string, unknown>> {
  if (store.type === 'file' || store.credentials === undefined) return store
  return { ...store, credentials: hidden }
}

/** A PostgreSQL URL can carry secrets after the user's name, and in its query. */
function withoutSecrets(text: string): string {
  if (text.startsWith('sqlite:')) return text
  const url = new URL(text)
  if (url.password !== '') url.password = hidden
  for (const name of [...url.searchParams.keys()]) {
    if (/pass|secret|key/i.test(name)) url.searchParams.set(name, hidden)
  }
  return url.href
}
