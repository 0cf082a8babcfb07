import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Failure } from '../catalogue/failure.ts'
import type { Settings } from '../settings.ts'
import { filesStore } from '../store/files.ts'
import { linkOrCopy, namesIn, replaceFile, sizeOf, syncDirectory, syncFile } from './copying.ts'
import { type BackupFacts, backupFiles, layout, type Places, placesOf, type Report } from './places.ts'
import { type Place, readSnapshot, takeSnapshot } from './snapshot.ts'

export type BackupResult = BackupFacts & {
  readonly directory: string
  readonly linked: number
  readonly copied: number
  /** Those that an earlier backup in the same directory had brought. */
  readonly reused: number
  readonly dropped: number
}

type Counts = { linked: number; copied: number; reused: number; dropped: number }

/** How often the database is read again when bytes vanish between reading it and linking them. */
const attempts = 3

/**
 * Saves database, bytes and key of an embedded installation into a directory, while its server runs. The bytes are
 * taken first and the database after them, so that it names nothing that is not there; what came between is added.
 * An earlier backup in the directory is brought up to date, and stays whole until the new one is.
 * @throws Failure `invalid` (reasons `not-embedded`, `no-data`), `conflict` (reason `not-empty`)
 */
export async function backup(
  settings: Settings,
  target: string,
  version: string,
  report: Report,
): Promise<BackupResult> {
  const places = placesOf(settings)
  if ((await sizeOf(places.database)) === null)
    throw new Failure('invalid', `There is no database ${places.database}: nothing to save.`, {
      reason: 'no-data',
    })
  // Without it nothing that is sealed in the database could ever be opened again.
  const key = await readFile(places.secretFile).catch((error) => {
    const message = `The key ${places.secretFile} cannot be read, and a backup without it would be worth little.`
    throw new Failure('invalid', message, { reason: 'no-data' }, { cause: error })
  })
  const directory = resolve(target)
  const files = backupFiles(directory)
  await claim(directory)
  const counts: Counts = { linked: 0, copied: 0, reused: 0, dropped: 0 }
  const touched = new Set<string>()

  async function save(
    { id, store }: { id: string; store: string },
    from: string,
    size: number,
  ): Promise<boolean> {
    const to = files.blob(store, id)
    const present = await sizeOf(to)
    if (present === size) return true
    if (present !== null) await rm(to)
    const how = await linkOrCopy(from, to)
    if (how === null) return false
    counts[how]++
    touched.add(dirname(to))
    return (await sizeOf(to)) === size
  }

  counts.reused = (await savedBlobs(directory)).length
  await saveStored(places, report, save)

  const draft = `${files.database}.new`
  let snapshot: { places: Place[]; images: number } = { places: [], images: 0 }
  let missing: string[] = []
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await takeSnapshot(places.database, draft)
    snapshot = readSnapshot(draft)
    missing = []
    for (const place of snapshot.places) {
      const from = blobPath(places, place)
      if (from === null || !(await save(place, from, place.size))) missing.push(place.id)
    }
    if (missing.length === 0) break
  }
  // Every name must be durable before the database that counts on it.
  for (const path of touched) await syncDirectory(path)
  for (const { name } of places.stores) await syncUpwards(join(files.blobs, name), directory)
  await syncFile(draft)
  for (const left of ['-wal', '-shm', '-journal']) await rm(files.database + left, { force: true })
  await rename(draft, files.database)
  await syncDirectory(directory)
  counts.dropped = await dropSurplus(directory, snapshot.places)
  counts.reused = Math.max(0, counts.reused - counts.dropped)
  await replaceFile(files.secret, key)
  const facts: BackupFacts = {
    imageport: version,
    layout,
    finishedAt: new Date().toISOString(),
    images: snapshot.images,
    blobs: snapshot.places.length,
    bytes: snapshot.places.reduce((sum, { size }) => sum + size, 0),
    missing,
  }
  await replaceFile(files.facts, `${JSON.stringify(facts, null, 2)}\n`)
  await rm(files.underWay)
  await syncDirectory(directory)
  return { ...facts, ...counts, directory }
}

/** Takes a directory that is empty or holds a backup; refuses every other. */
async function claim(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const files = backupFiles(directory)
  const names = await namesIn(directory)
  const ours = (await isBackup(files.facts)) || names.includes('backup.incomplete')
  if (names.length > 0 && !ours)
    throw new Failure('conflict', `${directory} is not empty, and holds no earlier backup.`, {
      reason: 'not-empty',
    })
  await writeFile(files.underWay, '', { mode: 0o600 })
}

async function isBackup(path: string): Promise<boolean> {
  try {
    return typeof JSON.parse(await readFile(path, 'utf8')).imageport === 'string'
  } catch {
    return false
  }
}

/** Everything that is whole in the stores now. What has no record yet, or none any more, is dropped later. */
async function saveStored(
  places: Places,
  report: Report,
  save: (blob: { id: string; store: string }, from: string, size: number) => Promise<boolean>,
): Promise<void> {
  const found: { id: string; store: string; size: number }[] = []
  for (const { name, directory } of places.stores) {
    if ((await sizeOf(directory)) === null) continue
    for await (const { id, size, complete } of filesStore({ name, directory, readOnly: true }).list())
      if (complete) found.push({ id, size, store: name })
  }
  const total = found.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  for (const blob of found) {
    await save(blob, blobPath(places, blob)!, blob.size)
    done += blob.size
    report(done, total)
  }
}

/** Null where the store is not configured any more. */
export function blobPath(places: Places, { id, store }: { id: string; store: string }): string | null {
  const found = places.stores.find(({ name }) => name === store)
  return found ? join(found.directory, id.slice(0, 2), id) : null
}

/** The blobs in the directory of a backup, whichever database they belong to. */
async function savedBlobs(directory: string): Promise<{ path: string; key: string }[]> {
  const { blobs } = backupFiles(directory)
  const found: { path: string; key: string }[] = []
  for (const store of await namesIn(blobs))
    for (const folder of await namesIn(join(blobs, store)))
      for (const name of await namesIn(join(blobs, store, folder)))
        found.push({ path: join(blobs, store, folder, name), key: `${store} ${name}` })
  return found
}

async function dropSurplus(directory: string, places: readonly Place[]): Promise<number> {
  const wanted = new Set(places.map(({ id, store }) => `${store} ${id}`))
  const surplus = (await savedBlobs(directory)).filter(({ key }) => !wanted.has(key))
  for (const { path } of surplus) await rm(path)
  return surplus.length
}

/** Syncs a directory, where it exists, and those above it up to `top`. */
async function syncUpwards(path: string, top: string): Promise<void> {
  for (let at = path; ; at = dirname(at)) {
    if ((await sizeOf(at)) !== null) await syncDirectory(at)
    if (at === top || at === dirname(at)) return
  }
}
