import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Task } from '../../../src/catalogue/tasks/task.ts'
import { type Ask, startWorld, type World, type WorldOptions } from './world.ts'

const run = promisify(execFile)

/** `web01` of acme belongs to `member`; it has a disk with a file, one without, and snapshots of both. */
export const web01 = {
  uuid: '81ddeb48-937b-4e54-8b37-091bfcabf18e',
  hostname: 'web01',
  project: 'acme',
  owner: 'member',
  node: 'node01',
  status: 'stopped',
  ostype: 1,
  ips: ['192.0.2.7'],
  disks: [{ size: 8, file: 'web01.qcow2' }, { size: 2048 }],
  snapshots: [
    { name: 'before-upgrade', disk: 1, createdAt: '2024-01-01T00:00:00Z' },
    { name: 'bare', disk: 2, note: 'nothing in it', createdAt: '2024-01-02T00:00:00Z' },
  ],
} as const

/** The patterns in the first disk, as `qemu-io` writes them; the snapshot holds those of `kept`. */
const kept = ['write -P 0x11 0 64k', 'write -P 0x22 4M 128k'] as const

export type Servers = World & {
  /** IMAGEPORT_DISKS_DIR. */
  readonly disks: string
  /** A directory outside of it. */
  readonly scratch: string
  /** What the snapshot of the first disk holds, as a raw image. */
  readonly reference: string
  /** Asks for work and waits for its end. */
  work(method: string, path: string, ask?: Ask): Promise<Task>
  /** Exported files, and blobs, that are there. */
  leftOvers(): Promise<string[]>
  /** Puts one fact of `web01` as it is for a test. */
  set(facts: { status?: string; node?: string; snapshot?: string; server?: boolean }): Promise<void>
}

/** A world with nodes, servers and the real disk files of records. Needs qemu-utils. */
export async function startServers(options: WorldOptions = {}): Promise<Servers> {
  const disks = await mkdtemp(join(tmpdir(), 'imageport-disks-'))
  const scratch = await mkdtemp(join(tmpdir(), 'imageport-scratch-'))
  const reference = join(scratch, 'reference.raw')
  const file = join(disks, 'web01.qcow2')
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', file, '8M'])
  await patterns(file, kept)
  await run('qemu-img', ['snapshot', '-c', 'before-upgrade', file])
  await run('qemu-img', [
    ...['convert', '-l', 'snapshot.name=before-upgrade', '-f', 'qcow2', '-O', 'raw'],
    ...[file, reference],
  ])
  await patterns(file, ['write -P 0x33 0 64k'])
  const world = await startWorld({ ...options, disksDirectory: disks })
  await world.location('home')
  await world.apply({ nodes: [{ hostname: 'node01' }], instances: [web01] })
  const { db } = world.core.database

  return {
    ...world,
    disks,
    scratch,
    reference,

    async work(method, path, ask = {}) {
      const { status, body, text } = await world.ask(method, path, ask)
      assert.equal(status, 201, text)
      return world.ended(body.task_id)
    },

    async leftOvers() {
      const exported = await readdir(world.core.disks.exportsDirectory).catch(() => [])
      const blobs = await db.selectFrom('blobs').select('id').execute()
      const kept: string[] = []
      for (const { store } of world.core.stores.all) for await (const { id } of store.list()) kept.push(id)
      return [...exported, ...kept.filter((id) => !blobs.some((blob) => blob.id === id))]
    },

    async set({ status, node, snapshot, server }) {
      if (status !== undefined)
        await db.updateTable('instances').set({ status }).where('uuid', '=', web01.uuid).execute()
      if (node !== undefined)
        await db.updateTable('nodes').set({ status: node }).where('hostname', '=', 'node01').execute()
      if (snapshot !== undefined)
        await db
          .updateTable('snapshots')
          .set({ status: snapshot })
          .where('name', '=', 'before-upgrade')
          .execute()
      if (server !== undefined) await world.apply({ settings: { imageServer: server } })
    },

    async close() {
      await world.close()
      for (const directory of [disks, scratch]) await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Writes with QEMU's own tool, e.g. `write -P 0x22 4M 128k`. */
export async function patterns(file: string, commands: readonly string[]): Promise<void> {
  await run('qemu-io', ['-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), file])
}

/** Do two images hold the same, as qemu-img sees it? @throws when not */
export async function demandSame(qcow2: string, raw: string): Promise<void> {
  await run('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', qcow2, raw])
}
