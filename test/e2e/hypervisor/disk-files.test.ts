import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type FailureCode, isFailure } from '../../../src/catalogue/failure.ts'
import { diskFiles, diskFormat } from '../../../src/hypervisor/disk-files.ts'
import { debianPackage } from '../../support/debian.ts'
import { forgetBackingFormat } from './forget-backing-format.ts'

const run = promisify(execFile)
const tools = await debianPackage('qemu-utils')

const fails = (work: Promise<unknown>, code: FailureCode, reason?: string) =>
  assert.rejects(work, (error) => {
    assert.ok(isFailure(error, code), `${code} expected: ${error}`)
    if (reason) assert.equal(error.detail.reason, reason)
    return true
  })

let base: string
let disks: string
before(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'imageport-disks-')))
  disks = join(base, 'disks')
  await mkdir(join(disks, 'sub'), { recursive: true })
  // Its name begins like that of the directory.
  await mkdir(join(base, 'disks-not'))
  for (const name of [
    'disks/a.raw',
    'disks/sub/b.raw',
    'disks/nbd:x',
    'disks/..odd',
    'outside',
    'disks-not/c',
  ])
    await writeFile(join(base, name), name)
  await symlink('sub/b.raw', join(disks, 'inner'))
  await symlink('../outside', join(disks, 'outer'))
  await symlink('/etc', join(disks, 'etc'))
  await symlink('../disks-not', join(disks, 'twin'))
  await symlink('loop', join(disks, 'loop'))
  await symlink(disks, join(base, 'link'))
})
after(() => rm(base, { recursive: true, force: true }))

describe('names of disk files', () => {
  test('inside', async () => {
    const { resolve } = diskFiles(disks)
    assert.equal(await resolve('a.raw'), join(disks, 'a.raw'))
    assert.equal(await resolve('./sub//b.raw'), join(disks, 'sub/b.raw'))
    assert.equal(await resolve('inner'), join(disks, 'sub/b.raw'))
    assert.equal(await resolve('nbd:x'), join(disks, 'nbd:x'))
    assert.equal(await resolve('..odd'), join(disks, '..odd'))
    assert.equal(await diskFiles(join(base, 'link')).resolve('a.raw'), join(disks, 'a.raw'))
  })

  const outside = [
    '../outside',
    'sub/../a.raw',
    '..',
    'sub/..',
    '/etc/passwd',
    'a\0.raw',
    'outer',
    'etc/passwd',
  ]
  for (const name of [...outside, 'twin/c', '..\\outside', 'sub\\..\\..\\outside'])
    test(`refused: ${JSON.stringify(name)}`, () =>
      fails(diskFiles(disks).resolve(name), 'forbidden', 'outside'))

  for (const name of ['nope', 'a.raw/x', 'sub', 'loop', 'x'.repeat(300)])
    test(`absent: ${name.slice(0, 20)}`, () => fails(diskFiles(disks).resolve(name), 'not-found'))

  test('the directory itself is no disk', async () => {
    for (const name of ['', '.']) await assert.rejects(diskFiles(disks).resolve(name), isFailure)
  })

  test('without a directory', async () => {
    await fails(diskFiles(null).resolve('a.raw'), 'unavailable', 'disks-dir')
    await fails(diskFiles(join(base, 'nope')).resolve('a.raw'), 'unavailable', 'disks-dir')
    await fails(diskFiles(join(base, 'outside')).resolve('a.raw'), 'unavailable', 'disks-dir')
  })
})

describe('images of disk files', { skip: tools ? false : 'qemu-utils cannot be installed here' }, () => {
  const create = (name: string, ...options: string[]) =>
    run('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, join(disks, name), '1M'])
  const contained = (name: string, format = 'qcow2') =>
    diskFiles(disks).demandContained(join(disks, name), format)

  test('the format is told by the first bytes', async () => {
    await create('plain.qcow2')
    await run('qemu-img', ['create', '-q', '-f', 'vmdk', join(disks, 'x.vmdk'), '1M'])
    assert.equal(await diskFormat(join(disks, 'plain.qcow2')), 'qcow2')
    assert.equal(await diskFormat(join(disks, 'x.vmdk')), 'raw')
    assert.equal(await diskFormat(join(disks, 'a.raw')), 'raw')
    await writeFile(join(disks, 'short'), 'QFI')
    assert.equal(await diskFormat(join(disks, 'short')), 'raw')
    await fails(diskFormat(join(disks, 'nope')), 'not-found')
  })

  test('backing files inside', async () => {
    await create('base.qcow2')
    await create('middle.qcow2', '-b', 'base.qcow2', '-F', 'qcow2')
    await create('top.qcow2', '-b', join(disks, 'middle.qcow2'), '-F', 'qcow2')
    await contained('top.qcow2')
    await contained('a.raw', 'raw')
  })

  const hostile: readonly [string, FailureCode, readonly string[]][] = [
    ['an absolute path outside', 'forbidden', ['-u', '-b', '/etc/passwd', '-F', 'raw']],
    ['a relative path outside', 'forbidden', ['-u', '-b', '../outside', '-F', 'raw']],
    ['a link outside', 'forbidden', ['-u', '-b', 'outer', '-F', 'raw']],
    ['itself', 'content', ['-u', '-b', 'top-of.qcow2', '-F', 'qcow2']],
    ['a server', 'content', ['-u', '-b', 'nbd:127.0.0.1:1', '-F', 'raw']],
    [
      'a file in JSON',
      'content',
      ['-u', '-b', 'json:{"driver":"raw","file":{"driver":"file","filename":"/etc/passwd"}}', '-F', 'raw'],
    ],
    ['nothing', 'not-found', ['-u', '-b', 'nope', '-F', 'raw']],
  ]
  for (const [what, code, options] of hostile)
    test(`a backing file that is ${what}`, async () => {
      await create('top-of.qcow2', ...options)
      await fails(contained('top-of.qcow2'), code)
    })

  test('a backing file whose format is not said', async () => {
    await create('unsaid.qcow2', '-b', join(disks, 'a.raw'), '-F', 'raw')
    await contained('unsaid.qcow2')
    await forgetBackingFormat(join(disks, 'unsaid.qcow2'))
    await fails(contained('unsaid.qcow2'), 'content')
  })

  test("what the guest of a raw disk has written over its beginning refers to nobody else's disk", async () => {
    await create('guest.raw', '-b', join(disks, 'sub/b.raw'), '-F', 'raw')
    assert.equal(await diskFormat(join(disks, 'guest.raw')), 'qcow2')
    await fails(contained('guest.raw'), 'content')
    await create('guest.img', '-o', `data_file=${join(disks, 'guest.data')},data_file_raw=on`)
    await fails(contained('guest.img'), 'content')
    await create('alone.img')
    await contained('alone.img')
  })

  test('an external data file', async () => {
    await create('data-in.qcow2', '-o', `data_file=${join(disks, 'in.data')},data_file_raw=on`)
    await contained('data-in.qcow2')
    await create('data-out.qcow2', '-o', `data_file=${join(base, 'out.data')},data_file_raw=on`)
    await fails(contained('data-out.qcow2'), 'forbidden', 'outside')
    await create('above.qcow2', '-b', join(disks, 'data-out.qcow2'), '-F', 'qcow2')
    await fails(contained('above.qcow2'), 'forbidden', 'outside')
  })

  test('extents of a vmdk', async () => {
    const flat = ['create', '-q', '-f', 'vmdk', '-o', 'subformat=monolithicFlat']
    await run('qemu-img', [...flat, join(disks, 'flat.vmdk'), '1M'])
    await contained('flat.vmdk', 'vmdk')
    await rm(join(disks, 'flat-flat.vmdk'))
    await writeFile(join(base, 'extent'), Buffer.alloc(2 ** 20))
    await symlink('../extent', join(disks, 'flat-flat.vmdk'))
    await fails(contained('flat.vmdk', 'vmdk'), 'forbidden', 'outside')
  })

  test('other formats, and files that are not what they are said to be', async () => {
    await fails(contained('a.raw', 'qcow2'), 'content')
    for (const format of ['', 'nbd', 'luks', 'host_device', '--help'])
      await fails(contained('a.raw', format), 'content')
  })
})
