import { copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { lockData } from '../assembly/data-lock.ts'
import { Failure } from '../catalogue/failure.ts'
import type { Settings } from '../settings.ts'
import { filesStore } from '../store/files.ts'
import { blobPath } from './backup.ts'
import { linkOrCopy, replaceFile, sizeOf, syncDirectory, syncFile } from './copying.ts'
import { type BackupFacts, backupFiles, layout, type Places, placesOf, type Report } from './places.ts'
import { type Place, readSnapshot } from './snapshot.ts'

export type RestoreResult = BackupFacts & {
  readonly dataDir: string
  readonly linked: number
  readonly copied: number
  /** Where what was there before has gone (`force`). */
  readonly movedAside: readonly string[]
}

/**
 * Brings a backup back into the places that the settings name. Everything is checked before anything is written; the
 * database comes last, so that an interrupted restore is no installation.
 * @param force moves what is there aside
 * @throws Failure `invalid` (reasons `not-embedded`, `backup`, `store`), `data-lost` (reason `backup`: damaged),
 * `conflict` (reasons `data-directory`: a server is running, `not-empty`)
 */
export async function restore(
  settings: Settings,
  source: string,
  force: boolean,
  report: Report,
): Promise<RestoreResult> {
  const places = placesOf(settings)
  const directory = resolve(source)
  const files = backupFiles(directory)
  const facts = await readFacts(directory)
  const { places: blobs } = readSnapshot(files.database)
  const key = await readFile(files.secret).catch((error) => {
    throw damaged(`${files.secret} cannot be read`, error)
  })
  await demandBlobs(directory, blobs, facts, places)

  const lock = await lockData(places.dataDir)
  try {
    const movedAside = await makeRoom(places, key, force)
    const total = blobs.reduce((sum, { size }) => sum + size, 0)
    const counts = { linked: 0, copied: 0 }
    const touched = new Set<string>()
    let done = 0
    for (const blob of blobs) {
      const to = blobPath(places, blob)!
      const how = await linkOrCopy(files.blob(blob.store, blob.id), to)
      if (how !== null) counts[how]++
      touched.add(dirname(to)).add(dirname(dirname(to)))
      done += blob.size
      report(done, total)
    }
    for (const path of touched) await syncDirectory(path)
    await mkdir(dirname(places.secretFile), { recursive: true, mode: 0o700 })
    await replaceFile(places.secretFile, key)
    await mkdir(dirname(places.database), { recursive: true, mode: 0o700 })
    const draft = `${places.database}.new`
    await copyFile(files.database, draft)
    await syncFile(draft)
    await rename(draft, places.database)
    await syncDirectory(dirname(places.database))
    return { ...facts, ...counts, dataDir: places.dataDir, movedAside }
  } finally {
    await lock.release()
  }
}

async function readFacts(directory: string): Promise<BackupFacts> {
  const { facts: path, underWay } = backupFiles(directory)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const why = (await sizeOf(underWay)) === null ? 'is no backup' : 'holds a backup that was never finished'
    throw new Failure(
      'invalid',
      `${directory} ${why}: there is no backup.json.`,
      { reason: 'backup' },
      { cause: error },
    )
  }
  let facts: BackupFacts
  try {
    facts = JSON.parse(text)
  } catch (error) {
    throw damaged(`${path} is no JSON`, error)
  }
  if (facts.layout !== layout || !Array.isArray(facts.missing))
    throw new Failure(
      'invalid',
      `${path} was not written by this version of Imageport; restore it with ${facts.imageport}.`,
      {
        reason: 'backup',
      },
    )
  return facts
}

async function demandBlobs(
  directory: string,
  blobs: readonly Place[],
  facts: BackupFacts,
  places: Places,
): Promise<void> {
  const files = backupFiles(directory)
  const problems: string[] = []
  for (const blob of blobs) {
    const store = places.stores.find(({ name }) => name === blob.store)
    if (!store || store.readOnly)
      throw new Failure(
        'invalid',
        `The backup has bytes in the store "${blob.store}": IMAGEPORT_STORE_URL must name it, writable.`,
        {
          reason: 'store',
          id: blob.store,
        },
      )
    const size = await sizeOf(files.blob(blob.store, blob.id))
    if (size === blob.size || (size === null && facts.missing.includes(blob.id))) continue
    problems.push(
      `${blob.id} in ${blob.store}: ${size === null ? 'missing' : `${size} instead of ${blob.size} bytes`}`,
    )
  }
  if (problems.length === 0) return
  const more = problems.length > 10 ? [`and ${problems.length - 10} more`] : []
  throw damaged(['blobs are not as they were saved:', ...problems.slice(0, 10), ...more].join('\n  '))
}

function damaged(what: string, cause?: unknown): Failure {
  return new Failure('data-lost', `The backup is damaged: ${what}`, { reason: 'backup' }, { cause })
}

/** Nothing that is there is written over. @returns where it has gone */
async function makeRoom(places: Places, key: Buffer, force: boolean): Promise<string[]> {
  const occupied: string[] = []
  for (const suffix of ['', '-wal', '-shm'])
    if ((await sizeOf(places.database + suffix)) !== null) occupied.push(places.database + suffix)
  for (const { name, directory } of places.stores)
    if (await holdsBlobs(name, directory)) occupied.push(directory)
  const present = await readFile(places.secretFile).catch(() => null)
  if (present && !present.equals(key)) occupied.push(places.secretFile)
  if (occupied.length === 0) return []
  if (!force)
    throw new Failure('conflict', `There is an installation already: ${occupied.join(', ')}.`, {
      reason: 'not-empty',
    })
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const moved: string[] = []
  for (const path of occupied) {
    const aside = `${path}.before-restore-${stamp}`
    await rename(path, aside)
    moved.push(aside)
  }
  return moved
}

async function holdsBlobs(name: string, directory: string): Promise<boolean> {
  if ((await sizeOf(directory)) === null) return false
  for await (const _blob of filesStore({ name, directory, readOnly: true }).list()) return true
  return false
}
