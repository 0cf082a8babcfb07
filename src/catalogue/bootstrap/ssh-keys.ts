import { record } from '../audit.ts'
import { insertCredential } from '../people/credentials.ts'
import { type PublicKey, readPublicKey, type SshKeyData } from '../people/ssh-keys.ts'
import type { Application } from './upsert.ts'

/** The keys of a user are one list, replaced as a whole. @throws Failure `invalid` (reason `ssh-key`) */
export async function replaceSshKeys(
  { trx, actor, applied }: Application,
  userId: number,
  username: string,
  texts: readonly string[],
): Promise<void> {
  const wanted = new Map<string, { text: string; key: PublicKey }>()
  for (const text of texts) {
    const key = readPublicKey(text)
    wanted.set(key.fingerprint, { text: text.trim(), key })
  }
  const present = await trx
    .selectFrom('credentials')
    .select(['id', 'label'])
    .where('user_id', '=', userId)
    .where('kind', '=', 'ssh-key')
    .execute()
  for (const { id, label } of present) {
    if (wanted.delete(label)) continue
    await trx.deleteFrom('credentials').where('id', '=', id).execute()
    await record(trx, actor, {
      action: 'credential',
      kind: 'user',
      id: userId,
      before: { kind: 'ssh-key', label },
    })
    applied.push({ what: `ssh-key ${label} of user ${username}`, did: 'changed' })
  }
  for (const [fingerprint, { text }] of wanted) {
    await insertCredential(trx, userId, {
      kind: 'ssh-key',
      label: fingerprint,
      data: { key: text } satisfies SshKeyData,
    })
    await record(trx, actor, {
      action: 'credential',
      kind: 'user',
      id: userId,
      after: { kind: 'ssh-key', label: fingerprint },
    })
    applied.push({ what: `ssh-key ${fingerprint} of user ${username}`, did: 'created' })
  }
}
