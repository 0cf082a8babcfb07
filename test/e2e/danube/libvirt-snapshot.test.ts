/** Images from snapshots, by a running Imageport: of a real libvirt's guests, and of records with disk files. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { es, esLogin } from '../../support/danube.ts'
import { debianPackage } from '../../support/debian.ts'
import { haveQemuImg } from '../../support/disk-images.ts'
import { type Imageport, place, startImageport, tokens } from '../../support/imageport.ts'
import { libvirtPackages, startLibvirt, type TestLibvirt } from '../../support/libvirt.ts'

const run = promisify(execFile)
const noTools = (await haveQemuImg()) ? false : 'qemu-img is missing and cannot be installed here'
const noLibvirt = (await debianPackage(...libvirtPackages))
  ? false
  : `${libvirtPackages.join(', ')} cannot be installed here`

/** A running Imageport with a place for disk files. */
async function start() {
  const room = await place()
  const disks = join(room.directory, 'disks')
  await mkdir(disks)
  const server = await startImageport(room.dataDir, { IMAGEPORT_DISKS_DIR: disks })
  return { room, disks, server, ask: es(server.url, { token: await esLogin(server.url, 'root', 'secret') }) }
}
type Started = Awaited<ReturnType<typeof start>>

async function apply(server: Imageport, document: object): Promise<void> {
  const response = await fetch(`${server.url}/ui/api/v1/apply`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.root}`, 'content-type': 'text/plain' },
    body: JSON.stringify(document),
  })
  assert.equal(response.status, 200, await response.text())
}

/** Downloads an image as a compute node does, into a file. */
async function download({ server, room, ask }: Started, name: string): Promise<string> {
  const { body } = await ask('get', `/image/${name}`)
  assert.deepEqual([body.result.status, body.result.access], [1, 1])
  const response = await fetch(`${server.url}/images/${body.result.uuid}/file`)
  assert.equal(response.status, 200)
  const file = join(room.directory, `${name}.qcow2`)
  await writeFile(file, Buffer.from(await response.arrayBuffer()))
  return file
}

/** A disk at a snapshot as a raw file, made by QEMU itself. */
async function rawOf(disk: string, snapshot: string, target: string): Promise<string> {
  const options = ['-U', '-l', `snapshot.name=${snapshot}`, '-f', 'qcow2', '-O', 'raw']
  await run('qemu-img', ['convert', ...options, disk, target])
  return target
}

async function demandSame(image: string, raw: string): Promise<void> {
  await run('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', image, raw])
  // The boot sector byte by byte, too.
  const converted = `${image}.raw`
  await run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', image, converted])
  const sector = async (file: string) => (await readFile(file)).subarray(0, 512)
  assert.deepEqual(await sector(converted), await sector(raw))
}

async function leftOvers({ room }: Started): Promise<string[]> {
  return readdir(join(room.dataDir, 'exports')).catch(() => [])
}

describe('guests of a real libvirt', { skip: noLibvirt }, () => {
  let virt: TestLibvirt
  let own: Started
  let uuid: string
  let disk: string
  before(async () => {
    virt = (await startLibvirt())!
    own = await start()
    disk = await virt.disk('web01.qcow2')
    // A boot sector, and something far inside.
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x11 0 1M', '-c', 'write -P 0x22 32M 1M', disk])
    uuid = await virt.define({
      name: 'web01',
      os: 'http://microsoft.com/win/11',
      disks: [{ file: disk, format: 'qcow2' }],
    })
    // As Foreman's users make it; from then on it is live.
    const made = await fetch(`${own.server.url}/api/compute_resources`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('root:secret').toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ compute_resource: { name: 'kvm', provider: 'Libvirt', url: virt.url } }),
    })
    assert.equal(made.status, 201, await made.text())
  })
  after(async () => {
    await own?.server.kill()
    await own?.room.remove()
    await virt?.stop()
  })

  const status = async () => (await own.ask('get', '/vm/web01')).body.result?.status

  test('are servers', async () => {
    const { body } = await own.ask('get', '/vm', { full: true })
    const [{ node, ...facts }] = body.result
    assert.deepEqual(facts, {
      hostname: 'web01',
      uuid,
      alias: 'web01',
      owner: null,
      status: 'stopped',
      node_status: 'online',
      vcpus: 1,
      ram: 32,
      disk: 64,
      ips: [],
      uptime: 0,
      locked: false,
      changed: false,
    })
    assert.deepEqual((await own.ask('get', '/node')).body.result, [node])
  })

  test('are started', async () => {
    const started = await own.ask('set', '/vm/web01/status/start')
    assert.deepEqual([started.status, started.body.status], [200, 'SUCCESS'], JSON.stringify(started.body))
    assert.equal(await status(), 'running')
  })

  test('a running one: snapshot, image, download; what was written since is not in it', async () => {
    await virt.guestIo(uuid, 0, 'write -P 0x33 48M 1M')
    const taken = await own.ask('create', '/vm/web01/snapshot/before', { note: 'before the upgrade' })
    assert.deepEqual(taken.body.result, {
      returncode: 0,
      message: 'Successfully created snapshot before',
      detail: "snapname='before', disk_id=1",
    })
    await virt.guestIo(uuid, 0, 'write -P 0x44 0 1M')
    await virt.guestIo(uuid, 0, 'write -P 0x44 48M 1M')

    const made = await own.ask('create', '/vm/web01/snapshot/before/image/golden', { access: '1' })
    assert.equal(made.status, 200, JSON.stringify(made.body))
    assert.match(made.body.result.message, /^Successfully created image golden \(transferred \d+ bytes/)
    const { body } = await own.ask('get', '/image/golden')
    assert.deepEqual([body.result.ostype, body.result.size, body.result.dc_bound], [4, 64, true])
    const reference = await rawOf(disk, 'before', join(own.room.directory, 'before.raw'))
    await demandSame(await download(own, 'golden'), reference)
    assert.deepEqual(await leftOvers(own), [])
    const snapshot = await own.ask('get', '/vm/web01/snapshot/before')
    assert.deepEqual([snapshot.body.result.status, snapshot.body.result.note], [1, 'before the upgrade'])
  })

  test('one that was taken by somebody else, and an external one', async () => {
    const overlay = join(virt.directory, 'overlay.qcow2')
    await virt.virsh(
      ...['snapshot-create-as', `--domain=${uuid}`, '--name=outer', '--disk-only'],
      `--diskspec=vda,snapshot=external,file=${overlay}`,
    )
    await virt.guestIo(uuid, 0, 'write -P 0x55 0 1M')
    await pause(1_100)
    const { body } = await own.ask('get', '/vm/web01/snapshot')
    assert.deepEqual(body.result.toSorted(), ['before', 'outer'])
    const made = await own.ask('create', '/vm/web01/snapshot/outer/image/outer', { access: 1 })
    assert.equal(made.status, 200, JSON.stringify(made.body))
    const image = await download(own, 'outer')
    const { stdout } = await run('qemu-io', [
      ...['-r', '-f', 'qcow2', '-c', 'read -P 0x44 0 1M', '-c', 'read -P 0x22 32M 1M'],
      image,
    ])
    assert.doesNotMatch(stdout, /verification failed/)
  })

  test('a snapshot that vanished meanwhile', async () => {
    await virt.virsh('snapshot-delete', `--domain=${uuid}`, '--snapshotname=before', '--metadata')
    await pause(1_100)
    const made = await own.ask('create', '/vm/web01/snapshot/before/image/late')
    assert.deepEqual([made.status, made.body], [404, { detail: 'Snapshot not found' }])
  })

  test('a hypervisor that is gone: nothing is lost, and nothing is imaged', async () => {
    await virt.stop()
    await pause(1_100)
    const { body } = await own.ask('get', '/vm/web01')
    assert.deepEqual([body.result.status, body.result.node_status], ['running', 'unreachable'])
    const made = await own.ask('create', '/vm/web01/snapshot/outer/image/late')
    assert.deepEqual([made.status, made.body], [423, { detail: 'Node is not operational' }])
  })
})

describe('records with disk files', { skip: noTools }, () => {
  let own: Started
  before(async () => {
    own = await start()
    const file = join(own.disks, 'web01.qcow2')
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', file, '16M'])
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x11 0 1M', '-c', 'write -P 0x22 8M 1M', file])
    await run('qemu-img', ['snapshot', '-c', 'old', file])
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x33 0 1M', file])
    const outside = join(own.room.directory, 'outside.qcow2')
    await run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'qcow2', file, outside])
    await symlink(outside, join(own.disks, 'link.qcow2'))
    const vm = (hostname: string, name: string) => ({
      hostname,
      project: 'main',
      status: 'stopped',
      disks: [{ size: 16, file: name }],
      snapshots: [{ name: 'old' }],
    })
    await apply(own.server, {
      instances: [
        vm('web01', 'web01.qcow2'),
        vm('up', '../outside.qcow2'),
        vm('absolute', outside),
        vm('linked', 'link.qcow2'),
      ],
    })
  })
  after(async () => {
    await own?.server.kill()
    await own?.room.remove()
  })

  test('the snapshot in the file becomes an image', async () => {
    const made = await own.ask('create', '/vm/web01/snapshot/old/image/kept', { access: 1 })
    assert.equal(made.status, 200, JSON.stringify(made.body))
    const file = join(own.disks, 'web01.qcow2')
    const reference = await rawOf(file, 'old', join(own.room.directory, 'old.raw'))
    await demandSame(await download(own, 'kept'), reference)
  })

  for (const hostname of ['up', 'absolute', 'linked'])
    test(`nothing outside of the directory is read: ${hostname}`, async () => {
      const made = await own.ask('create', `/vm/${hostname}/snapshot/old/image/stolen`)
      assert.equal(made.status, 400)
      assert.equal(
        made.body.result.message,
        'ERROR: The disk file is outside of the directory for disk files.',
      )
      assert.equal((await own.ask('get', '/image/stolen')).status, 404)
      assert.equal((await own.ask('get', `/vm/${hostname}/snapshot/old`)).body.result.status, 1)
    })

  test('a killed server leaves no export behind, and the image is made after all', async () => {
    const { room, disks } = own
    const exports = join(room.dataDir, 'exports')
    await writeFile(join(exports, 'a-process-that-is-gone.task.qcow2'), 'half')
    await own.server.kill()
    const server = await startImageport(room.dataDir, { IMAGEPORT_DISKS_DIR: disks })
    own = { ...own, server, ask: es(server.url, { token: await esLogin(server.url, 'root', 'secret') }) }
    for (let tries = 0; tries < 100 && (await leftOvers(own)).length > 0; tries++) await pause(50)
    assert.deepEqual(await leftOvers(own), [])
    assert.equal((await own.ask('create', '/vm/web01/snapshot/old/image/later')).status, 200)
    await rm(exports, { recursive: true })
    assert.equal((await own.ask('create', '/vm/web01/snapshot/old/image/latest')).status, 200)
  })
})
