/** The hypervisor part against a real libvirt with real guests: what a snapshot held is what is exported. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type FailureCode, isFailure } from '../../../src/catalogue/failure.ts'
import type { Domain, Hypervisor } from '../../../src/hypervisor/hypervisor.ts'
import { libvirt } from '../../../src/hypervisor/libvirt.ts'
import { exportDisk, inspectDisk } from '../../../src/hypervisor/qemu-img.ts'
import { type VirshCommand, virsh } from '../../../src/hypervisor/virsh.ts'
import { debianPackage } from '../../support/debian.ts'
import { libvirtPackages, startLibvirt, type TestLibvirt } from '../../support/libvirt.ts'

const run = promisify(execFile)
const tools = await debianPackage(...libvirtPackages)
const skip = tools ? false : `${libvirtPackages.join(', ')} cannot be installed here`

const absent = '11111111-1111-4111-8111-111111111111'

function fails(work: Promise<unknown>, code: FailureCode, subject?: string): Promise<void> {
  return assert.rejects(work, (error) => {
    assert.ok(isFailure(error, code), `${code} expected: ${error}`)
    if (subject) assert.equal(error.detail.subject, subject)
    return true
  })
}

/** Fails unless the megabytes of the image hold the byte values. */
async function demandPatterns(file: string, patterns: Readonly<Record<number, number>>): Promise<void> {
  const commands = Object.entries(patterns).flatMap(([at, value]) => ['-c', `read -P ${value} ${at}M 1M`])
  const { stdout } = await run('qemu-io', ['-r', '-f', 'qcow2', ...commands, file])
  assert.doesNotMatch(stdout, /verification failed/)
}

describe('libvirt', { skip }, () => {
  let virt: TestLibvirt
  let hypervisor: Hypervisor
  let work: string
  before(async () => {
    virt = (await startLibvirt())!
    hypervisor = libvirt(virt.url)
    work = await mkdtemp(join(tmpdir(), 'imageport-export-'))
  })
  after(async () => {
    await virt?.stop()
    if (work) await rm(work, { recursive: true, force: true })
  })

  const domain = async (uuid: string): Promise<Domain> => {
    const found = (await hypervisor.look()).domains.find((each) => each.uuid === uuid)
    assert.ok(found)
    return found
  }

  /** Exports a disk at a snapshot; gives the file. */
  const exported = async (uuid: string, snapshot: string, disk: number): Promise<string> => {
    const target = join(work, `${uuid}-${disk}-${Math.random()}.qcow2`)
    const seen: number[] = []
    const source = await hypervisor.snapshotSource(uuid, snapshot, disk)
    await exportDisk(source, target, { progress: (percent) => seen.push(percent) })
    assert.equal(seen.at(-1), 100)
    const info = await inspectDisk(target, 'qcow2')
    assert.equal(info.virtualSizeBytes, 64 * 2 ** 20)
    assert.equal(info.backingFile, null)
    assert.deepEqual(info.snapshots, [])
    return target
  }

  const until = async (uuid: string, state: Domain['state']) => {
    for (let attempt = 0; attempt < 100; attempt++) {
      if ((await domain(uuid)).state === state) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.fail(`never ${state}`)
  }

  test('an empty host', async () => {
    const host = await hypervisor.look()
    assert.equal(host.hostname, (await virt.virsh('hostname')).trim())
    assert.deepEqual(host.domains, [])
  })

  test('a running guest: internal snapshot, export, revert, delete', async () => {
    const first = await virt.disk('first.qcow2')
    const second = await virt.disk('second, with a comma.qcow2')
    await run('qemu-io', ['-c', 'write -P 0x11 1M 1M', '-c', 'write -P 0x11 32M 1M', first])
    await run('qemu-io', ['-c', 'write -P 0x33 8M 1M', second])
    const uuid = await virt.define({
      name: 'web01.example.com',
      os: 'http://debian.org/debian/12',
      disks: [
        { file: first, format: 'qcow2' },
        { file: second, format: 'qcow2' },
      ],
    })
    const expected: Domain = {
      uuid,
      name: 'web01.example.com',
      state: 'stopped',
      vcpus: 1,
      ramMb: 32,
      disks: [
        { number: 1, target: 'vda', sizeBytes: 64 * 2 ** 20, format: 'qcow2', source: first },
        { number: 2, target: 'vdb', sizeBytes: 64 * 2 ** 20, format: 'qcow2', source: second },
      ],
      snapshots: [],
      ostype: 'linux',
    }
    assert.deepEqual(await domain(uuid), expected)

    await hypervisor.setState(uuid, 'start')
    assert.deepEqual(await domain(uuid), { ...expected, state: 'running' })
    await fails(hypervisor.setState(uuid, 'start'), 'state', 'instance')

    const before = Math.floor(Date.now() / 1000) * 1_000_000
    await hypervisor.createSnapshot(uuid, '-snap.1_', { note: '--before <the "upgrade">\u0001\n2nd line' })
    const [snapshot] = (await domain(uuid)).snapshots
    assert.ok(snapshot)
    assert.ok(snapshot.createdAt >= before && snapshot.createdAt <= Date.now() * 1000)
    assert.deepEqual(
      { ...snapshot, createdAt: 0 },
      {
        name: '-snap.1_',
        note: '--before <the "upgrade"> \n2nd line',
        createdAt: 0,
        kind: 'internal',
        disks: [1, 2],
      },
    )
    await fails(hypervisor.createSnapshot(uuid, '-snap.1_'), 'conflict', 'snapshot')

    await virt.guestIo(uuid, 0, 'write -P 0x22 32M 1M')
    await virt.guestIo(uuid, 1, 'write -P 0x44 8M 1M')
    await demandPatterns(await exported(uuid, '-snap.1_', 1), { 1: 0x11, 32: 0x11, 40: 0 })
    await demandPatterns(await exported(uuid, '-snap.1_', 2), { 1: 0, 8: 0x33 })
    await hypervisor.createSnapshot(uuid, 'later')
    await demandPatterns(await exported(uuid, 'later', 1), { 1: 0x11, 32: 0x22 })
    await demandPatterns(await exported(uuid, '-snap.1_', 1), { 1: 0x11, 32: 0x11 })

    await hypervisor.revertSnapshot(uuid, '-snap.1_')
    assert.equal((await domain(uuid)).state, 'running')
    await hypervisor.createSnapshot(uuid, 'reverted')
    await demandPatterns(await exported(uuid, 'reverted', 1), { 1: 0x11, 32: 0x11 })
    await hypervisor.deleteSnapshot(uuid, 'reverted')

    await hypervisor.deleteSnapshot(uuid, '-snap.1_')
    assert.deepEqual(
      (await domain(uuid)).snapshots.map(({ name }) => name),
      ['later'],
    )
    await hypervisor.setState(uuid, 'reboot', { force: true })
    await hypervisor.setState(uuid, 'stop', { force: true })
    await until(uuid, 'stopped')
    await fails(hypervisor.setState(uuid, 'stop', { force: true }), 'state', 'instance')
    assert.deepEqual(
      (await inspectDisk(first, 'qcow2')).snapshots.map(({ name }) => name),
      ['later'],
    )
  })

  test('a guest that is shut off, and names that only others would give', async () => {
    const file = await virt.disk('off.qcow2')
    const uuid = await virt.define({ name: `o'brien & "co" ; <x>`, disks: [{ file, format: 'qcow2' }] })
    await run('qemu-io', ['-c', 'write -P 0x51 3M 1M', file])
    await hypervisor.createSnapshot(uuid, 'off')
    await run('qemu-io', ['-c', 'write -P 0x52 3M 1M', file])
    const strange = `a,b='c' "d"; <e> & é --f`
    await virt.virsh('snapshot-create-as', `--domain=${uuid}`, `--name=${strange}`)
    await virt.virsh('snapshot-create-as', `--domain=${uuid}`, '--name=--help')
    await run('qemu-io', ['-c', 'write -P 0x53 3M 1M', file])

    const found = await domain(uuid)
    assert.equal(found.name, `o'brien & "co" ; <x>`)
    assert.deepEqual(found.snapshots.map(({ name }) => name).sort(), ['--help', strange, 'off'].sort())
    await demandPatterns(await exported(uuid, 'off', 1), { 3: 0x51 })
    await demandPatterns(await exported(uuid, strange, 1), { 3: 0x52 })
    await demandPatterns(await exported(uuid, '--help', 1), { 3: 0x52 })

    await hypervisor.revertSnapshot(uuid, 'off')
    assert.equal((await domain(uuid)).state, 'stopped')
    await demandPatterns(file, { 3: 0x51 })
    for (const name of ['--help', strange, 'off']) await hypervisor.deleteSnapshot(uuid, name)
    assert.deepEqual((await domain(uuid)).snapshots, [])
    assert.deepEqual((await inspectDisk(file, 'qcow2')).snapshots, [])
  })

  test('external snapshots of others: exported from below the overlay, until that is written again', async () => {
    const file = await virt.disk('below.raw', { format: 'raw' })
    await run('qemu-io', ['-f', 'raw', '-c', 'write -P 0x61 5M 1M', file])
    const uuid = await virt.define({ name: 'external', disks: [{ file, format: 'raw' }] })
    await hypervisor.setState(uuid, 'start')
    await fails(hypervisor.createSnapshot(uuid, 'raw'), 'state', 'instance')
    for (const name of ['one', 'two']) {
      const overlay = join(virt.directory, `external.${name}`)
      await virt.virsh(
        'snapshot-create-as',
        `--domain=${uuid}`,
        `--name=${name}`,
        '--disk-only',
        '--atomic',
        `--diskspec=vda,snapshot=external,file=${overlay}`,
      )
      await virt.guestIo(uuid, 0, `write -P ${name === 'one' ? 0x62 : 0x63} 5M 1M`)
    }
    const found = await domain(uuid)
    assert.deepEqual(
      found.snapshots.map(({ name, kind, disks }) => ({ name, kind, disks })),
      [
        { name: 'one', kind: 'external', disks: [1] },
        { name: 'two', kind: 'external', disks: [1] },
      ],
    )
    assert.equal(found.disks[0]?.source, join(virt.directory, 'external.two'))
    assert.deepEqual(await hypervisor.snapshotSource(uuid, 'one', 1), { file, format: 'raw', internal: null })
    await demandPatterns(await exported(uuid, 'one', 1), { 5: 0x61, 6: 0 })
    await demandPatterns(await exported(uuid, 'two', 1), { 5: 0x62, 6: 0 })
    // An internal one of the overlay, whose clusters are partly in the images below.
    await hypervisor.createSnapshot(uuid, 'inside')
    await virt.guestIo(uuid, 0, 'write -P 0x64 5M 1M')
    await demandPatterns(await exported(uuid, 'inside', 1), { 5: 0x63, 6: 0 })

    const committing = ['blockcommit', `--domain=${uuid}`, '--path=vda', '--wait']
    const overlays = ['one', 'two'].map((name) => join(virt.directory, `external.${name}`))
    await virt.virsh(...committing, `--top=${overlays[0]}`, `--base=${file}`)
    await fails(hypervisor.snapshotSource(uuid, 'one', 1), 'state', 'snapshot')
    await virt.virsh(...committing, '--active', '--pivot')
    await fails(hypervisor.snapshotSource(uuid, 'one', 1), 'state', 'snapshot')
    await hypervisor.setState(uuid, 'stop', { force: true })
    await fails(hypervisor.snapshotSource(uuid, 'one', 1), 'state', 'snapshot')
  })

  test('a guest that is suspended is frozen', async () => {
    const file = await virt.disk('frozen.qcow2')
    const uuid = await virt.define({ name: 'frozen', disks: [{ file, format: 'qcow2' }] })
    await hypervisor.setState(uuid, 'start')
    await virt.virsh('suspend', `--domain=${uuid}`)
    assert.equal((await domain(uuid)).state, 'frozen')
    await hypervisor.createSnapshot(uuid, 'paused')
    assert.equal((await domain(uuid)).state, 'frozen')
    await demandPatterns(await exported(uuid, 'paused', 1), { 0: 0 })
    await hypervisor.setState(uuid, 'stop', { force: true })
  })

  test('a disk whose file is gone', async () => {
    const file = await virt.disk('gone.qcow2')
    const uuid = await virt.define({ name: 'gone', disks: [{ file, format: 'qcow2' }] })
    await hypervisor.createSnapshot(uuid, 'kept')
    await rm(file)
    assert.deepEqual((await domain(uuid)).disks, [
      { number: 1, target: 'vda', sizeBytes: 0, format: 'qcow2', source: file },
    ])
    await fails(exportDisk(await hypervisor.snapshotSource(uuid, 'kept', 1), join(work, 'none')), 'not-found')
    await assert.rejects(access(join(work, 'none')))
  })

  test('what is not there', async () => {
    const { domains } = await hypervisor.look()
    const { uuid } = domains.find(({ name }) => name === 'frozen')!
    await fails(hypervisor.createSnapshot(absent, 'x'), 'not-found', 'instance')
    await fails(hypervisor.deleteSnapshot(absent, 'x'), 'not-found', 'instance')
    await fails(hypervisor.setState('--help', 'start'), 'not-found', 'instance')
    await fails(hypervisor.snapshotSource(absent, 'x', 1), 'not-found', 'instance')
    await fails(hypervisor.snapshotSource(uuid, 'nope', 1), 'not-found', 'snapshot')
    for (const disk of [0, 2, -1, 1.5, Number.NaN])
      await fails(hypervisor.snapshotSource(uuid, 'paused', disk), 'not-found', 'disk')
    for (const name of ['nope', '', '--help', 'a\0b']) {
      await fails(hypervisor.deleteSnapshot(uuid, name), 'not-found', 'snapshot')
      await fails(hypervisor.revertSnapshot(uuid, name), 'not-found', 'snapshot')
    }
    for (const name of ['', 'a b', 'a/b', 'ä', 'x'.repeat(25), 'a\n'])
      await fails(hypervisor.createSnapshot(uuid, name), 'invalid')
  })

  test('many commands at once: what vanished says nothing, another failure fails them all', async () => {
    const { batch } = virsh(virt.url)
    const options = { timeout: 20_000 }
    const texts = [`it's; "a" \\ b; echo c`, '--x', '', ' ', 'é\n\t', ...Array(3000).fill('x'.repeat(100))]
    const echoes = texts.map((text): VirshCommand => ['echo', '--', text])
    assert.deepEqual(await batch(echoes, options), texts)
    assert.deepEqual(await batch([], options), [])
    const { uuid } = (await hypervisor.look()).domains.find(({ name }) => name === 'frozen')!
    const mixed = await batch(
      [
        ['dumpxml', `--domain=${absent}`],
        ['echo', 'between'],
        ['snapshot-dumpxml', `--domain=${uuid}`, '--snapshotname=nope'],
      ],
      options,
    )
    assert.deepEqual(mixed, ['', 'between', ''])
    const failing = batch(
      [
        ['destroy', `--domain=${uuid}`],
        ['echo', 'after'],
      ],
      options,
    )
    await fails(failing, 'state')
  })

  test('out of reach, out of time, called off', async () => {
    await fails(libvirt('qemu+tcp://127.0.0.1:1/system').look(), 'unavailable')
    await fails(libvirt(virt.url, { look: 1 }).look(), 'unavailable')
    const stop = new AbortController()
    const looking = hypervisor.look(stop.signal)
    stop.abort()
    await fails(looking, 'interrupted')
    await fails(hypervisor.look(stop.signal), 'interrupted')
    const path = process.env.PATH
    try {
      process.env.PATH = work
      await fails(hypervisor.look(), 'unavailable')
    } finally {
      process.env.PATH = path
    }
  })

  test('many domains in one look', async () => {
    const file = await virt.disk('many.qcow2', { megabytes: 1 })
    for (let index = 0; index < 30; index++)
      await virt.define({ name: `many-${index}`, disks: [{ file, format: 'qcow2' }] })
    const { domains } = await hypervisor.look()
    const many = domains.filter(({ name }) => name.startsWith('many-'))
    assert.equal(many.length, 30)
    assert.ok(many.every(({ disks }) => disks[0]?.sizeBytes === 2 ** 20))
  })

  test('an export that is stopped leaves no file', async () => {
    const file = await virt.disk('large.qcow2', { megabytes: 2048 })
    await run('qemu-io', ['-c', 'write -P 0x71 0 512M', file])
    const stop = new AbortController()
    const target = join(work, 'stopped.qcow2')
    const exporting = exportDisk({ file, format: 'qcow2', internal: null }, target, {
      signal: stop.signal,
      progress: () => stop.abort(),
    })
    await fails(exporting, 'interrupted')
    assert.ok(!(await readdir(work)).includes('stopped.qcow2'))
  })
})
