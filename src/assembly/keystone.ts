import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { Failure } from '../catalogue/failure.ts'
import { type KeystoneClient, keystone } from '../keystone/keystone.ts'
import type { Settings } from '../settings.ts'

/**
 * The external Keystone of the settings; null: none, tokens are our own.
 * @throws Failure `invalid` (reason `setting`) when the file with its certificates cannot be read
 */
export async function keystoneOf(settings: Settings, log: Logger): Promise<KeystoneClient | null> {
  const { keystoneUrl: url, keystoneUsername, keystonePassword, keystoneProject } = settings
  if (url === null) return null
  const ca = settings.keystoneCa === null ? undefined : await certificates(settings.keystoneCa)
  return keystone({
    url,
    account: {
      username: keystoneUsername!,
      userDomain: settings.keystoneUserDomain,
      password: keystonePassword!,
      project: keystoneProject!,
      projectDomain: settings.keystoneProjectDomain,
    },
    cacheSeconds: settings.keystoneCacheSeconds,
    // Where to fetch from stands in the catalogue of whoever asks for it.
    services: settings.importMethods.includes('glance-download'),
    timeoutMs: settings.keystoneTimeoutSeconds * 1000,
    ...(ca === undefined ? {} : { ca }),
    onTrouble: (error) => log.warn({ err: error }, 'Keystone cannot be asked'),
  })
}

async function certificates(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure('invalid', `${file} cannot be read.`, { reason: 'setting' }, { cause: error })
  }
}
