/** Recognition, virtual sizes and refusals on files that the real qemu-img and real packages made. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { DetectedFormat } from '../../src/catalogue/bytes/formats/finding.ts'
import { judge } from '../../src/catalogue/bytes/formats/judge.ts'
import { isFailure } from '../../src/catalogue/failure.ts'
import { debianPackage } from '../support/debian.ts'
import {
  haveQemuImg,
  hostDescriptor,
  imageFolder,
  inspectBytes,
  inspectFile,
  partition,
  partitionedDisk,
  plainDescriptor,
  qcow2Header,
  qemuImg,
  qemuVirtualSize,
  vmdkHeader,
} from '../support/disk-images.ts'

const missing = (await haveQemuImg()) ? false : 'qemu-img is missing and cannot be installed here'
const secret = ['--object', 'secret,id=key,data=open-sesame']

/** Where qemu-img works; `disk.raw` is a partitioned disk with some data, `base.*` are empty images. */
let folder = ''
let remove = async () => {}

before(async () => {
  ;({ folder, remove } = await imageFolder())
  const disk = partitionedDisk([partition(0x83, { flag: 0x80 })])
  for (let at = 1_048_576; at < 1_600_000; at++) disk[at] = (at * 7) % 251
  await writeFile(join(folder, 'disk.raw'), disk)
  if (missing) return
  for (const format of ['qcow2', 'vmdk', 'qed']) await create(format, `base.${format}`, [])
})

after(() => remove())

type Options = readonly string[]

async function create(format: string, file: string, options: Options, extra: Options = []): Promise<void> {
  await qemuImg(folder, 'create', '-q', '-f', format, ...flags(options), ...extra, file, '4M')
}

async function convert(format: string, file: string, options: Options, extra: Options = []): Promise<void> {
  const output = [...flags(options), ...extra, 'disk.raw', file]
  await qemuImg(folder, 'convert', '-f', 'raw', '-O', format, ...output)
}

function flags(options: Options): string[] {
  return options.flatMap((option) => ['-o', option])
}

type Maker = (file: string) => Promise<unknown>

/** Name, our format, QEMU's name of it, how it is made. */
const sound: readonly (readonly [string, DetectedFormat, string, Maker])[] = [
  ['qcow2', 'qcow2', 'qcow2', (file) => convert('qcow2', file, [])],
  ['qcow2 of version 2', 'qcow2', 'qcow2', (file) => convert('qcow2', file, ['compat=0.10'])],
  ['qcow2, compressed', 'qcow2', 'qcow2', (file) => convert('qcow2', file, [], ['-c'])],
  ['qcow2, zstd', 'qcow2', 'qcow2', (file) => convert('qcow2', file, ['compression_type=zstd'], ['-c'])],
  ['qcow2, small clusters', 'qcow2', 'qcow2', (file) => convert('qcow2', file, ['cluster_size=512'])],
  ['qcow2, large clusters', 'qcow2', 'qcow2', (file) => convert('qcow2', file, ['cluster_size=2M'])],
  ['qcow2, lazy refcounts', 'qcow2', 'qcow2', (file) => create('qcow2', file, ['lazy_refcounts=on'])],
  ['qcow2, preallocated', 'qcow2', 'qcow2', (file) => create('qcow2', file, ['preallocation=metadata'])],
  ['qcow2, fully allocated', 'qcow2', 'qcow2', (file) => create('qcow2', file, ['preallocation=full'])],
  [
    'qcow2 with snapshot',
    'qcow2',
    'qcow2',
    async (file) => {
      await convert('qcow2', file, [])
      await qemuImg(folder, 'snapshot', '-c', 'before', file)
    },
  ],
  [
    'qcow2, encrypted',
    'qcow2',
    'qcow2',
    (file) => {
      const encryption =
        'encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10,encrypt.hash-alg=sha512'
      return create('qcow2', file, [encryption], secret)
    },
  ],
  ['vmdk', 'vmdk', 'vmdk', (file) => convert('vmdk', file, ['subformat=monolithicSparse'])],
  ['vmdk, stream-optimised', 'vmdk', 'vmdk', (file) => convert('vmdk', file, ['subformat=streamOptimized'])],
  ['vmdk, version 6', 'vmdk', 'vmdk', (file) => convert('vmdk', file, ['compat6=on'])],
  ['vhd, dynamic', 'vhd', 'vpc', (file) => convert('vpc', file, [])],
  ['vhd, fixed', 'vhd', 'vpc', (file) => convert('vpc', file, ['subformat=fixed'])],
  ['vhd, exact size', 'vhd', 'vpc', (file) => convert('vpc', file, ['force_size=on'])],
  ['vhdx', 'vhdx', 'vhdx', (file) => convert('vhdx', file, [])],
  ['vhdx, fixed', 'vhdx', 'vhdx', (file) => convert('vhdx', file, ['subformat=fixed'])],
  ['vdi', 'vdi', 'vdi', (file) => convert('vdi', file, [])],
  ['vdi, static', 'vdi', 'vdi', (file) => create('vdi', file, ['static=on'])],
  ['ploop', 'ploop', 'parallels', (file) => convert('parallels', file, [])],
  [
    'luks',
    'luks',
    'luks',
    (file) => create('luks', file, ['key-secret=key,iter-time=10,hash-alg=sha512'], secret),
  ],
  ['raw', 'raw', 'raw', (file) => create('raw', file, [])],
  ['raw with partitions', 'mbr', 'raw', (file) => convert('raw', file, [])],
]

/** Our detected formats that can be declared under the same name. */
const declarable = (format: DetectedFormat) => (['luks', 'mbr', 'gpt'].includes(format) ? 'raw' : format)

for (const [name, format, driver, make] of sound) {
  test(`qemu-img makes ${name}`, { skip: missing }, async () => {
    const file = fileName(name)
    await make(file)
    const finding = await inspectFile(join(folder, file))
    assert.equal(finding.format, format)
    assert.deepEqual(finding.problems, [])
    assert.equal(finding.virtualSize, await qemuVirtualSize(folder, file, driver))
    judge(finding, { diskFormat: declarable(format), containerFormat: 'bare' }, 'refuse')
    judge(finding, { diskFormat: 'raw', containerFormat: 'bare' }, 'refuse')
    if (format === 'raw') return
    const wrong = { diskFormat: format === 'vdi' ? 'vhd' : 'vdi', containerFormat: 'bare' }
    assert.throws(() => judge(finding, wrong, 'refuse'), reasonIs('format-mismatch'))
  })
}

/** Name, the reason of the refusal, how it is made. */
const hostile: readonly (readonly [string, string, Maker])[] = [
  ['qcow2 over a backing file', 'backing-file', (file) => overlay('qcow2', file)],
  [
    'qcow2 of version 2 over a backing file',
    'backing-file',
    (file) => create('qcow2', file, ['compat=0.10'], ['-b', 'base.qcow2', '-F', 'qcow2']),
  ],
  ['qcow2 with a data file', 'data-file', (file) => create('qcow2', file, ['data_file=data.img'])],
  [
    'qcow2 with a raw data file',
    'data-file',
    (file) => create('qcow2', file, ['data_file=other.img,data_file_raw=on']),
  ],
  ['qcow2 with extended L2', 'unknown-features', (file) => create('qcow2', file, ['extended_l2=on'])],
  ['qcow', 'version', (file) => create('qcow', file, [])],
  ['qed', 'qed', (file) => create('qed', file, [])],
  ['qed over a backing file', 'qed', (file) => overlay('qed', file)],
  ['vmdk over a backing file', 'backing-file', (file) => overlay('vmdk', file)],
  ['vmdk, flat', 'vmdk-descriptor', (file) => convert('vmdk', file, ['subformat=monolithicFlat'])],
  ['vmdk, split', 'vmdk-descriptor', (file) => convert('vmdk', file, ['subformat=twoGbMaxExtentSparse'])],
  [
    'vmdk, split and flat',
    'vmdk-descriptor',
    (file) => convert('vmdk', file, ['subformat=twoGbMaxExtentFlat']),
  ],
]

async function overlay(format: string, file: string): Promise<void> {
  await create(format, file, [], ['-b', `base.${format}`, '-F', format])
}

for (const [name, reason, make] of hostile) {
  test(`refuses ${name} of qemu-img, whatever it is called`, { skip: missing }, async () => {
    const file = fileName(name)
    await make(file)
    const finding = await inspectFile(join(folder, file))
    for (const diskFormat of ['raw', 'qcow2', 'vmdk']) {
      for (const mode of ['refuse', 'warn'] as const) {
        assert.throws(() => judge(finding, { diskFormat, containerFormat: 'bare' }, mode), reasonIs(reason))
      }
    }
  })
}

test('real files in small pieces', { skip: missing }, async () => {
  const makers: Record<string, Maker> = {
    'small.vmdk': (file) => convert('vmdk', file, ['subformat=streamOptimized']),
    'small.vhdx': (file) => create('vhdx', file, ['block_size=1M']),
  }
  for (const [file, make] of Object.entries(makers)) {
    await make(file)
    const bytes = (await readFile(join(folder, file))).subarray(0, 3_300_000)
    const whole = inspectBytes(bytes, bytes.length)
    assert.notEqual(whole.format, 'raw', file)
    for (const size of [1, 7, 512, 4096, 65_537]) {
      assert.deepEqual(inspectBytes(bytes, size), whole, `${file} in pieces of ${size}`)
    }
  }
})

test('QEMU reads a backing file out of a header that is cut off', { skip: missing }, async () => {
  // This is why a truncated header counts although it is no qcow2 by the contract: here QEMU does open it.
  const name = Buffer.from('disk.raw')
  const header = qcow2Header({ version: 2, backingOffset: 80n, virtualSize: 65_536n })
  header.writeUInt32BE(name.length, 16)
  header.writeUInt32BE(1, 36) // one L1 entry, in a cluster behind the end of the file
  header.writeBigUInt64BE(65_536n, 40)
  header.writeBigUInt64BE(131_072n, 48)
  header.writeUInt32BE(1, 56)
  name.copy(header, 80)
  const file = join(folder, 'cut.qcow2')
  await writeFile(file, header)
  await truncate(file, 200)
  const info = JSON.parse(await qemuImg(folder, 'info', '--output=json', 'cut.qcow2'))
  assert.equal(info['backing-filename'], 'disk.raw')
  const finding = await inspectFile(file)
  assert.deepEqual(finding.matches, [])
  const declared = { diskFormat: 'raw', containerFormat: 'bare' }
  assert.throws(() => judge(finding, declared, 'warn'), reasonIs('backing-file'))
})

test('QEMU reads the name of a parent behind a descriptor that fills its place', {
  skip: missing,
}, async () => {
  const header = vmdkHeader({
    descriptorSectors: 1n,
    descriptor: `${plainDescriptor.padEnd(511, '#')}\nparentFileNameHint="disk.raw"\n`,
  })
  const file = join(folder, 'full.vmdk')
  await writeFile(file, header)
  await truncate(file, 1_048_576)
  const info = JSON.parse(await qemuImg(folder, 'info', '--output=json', '-f', 'vmdk', 'full.vmdk'))
  assert.equal(info['backing-filename'], 'disk.raw')
  const declared = { diskFormat: 'vmdk', containerFormat: 'bare' }
  const finding = await inspectFile(file)
  assert.throws(() => judge(finding, declared, 'warn'), reasonIs('vmdk-descriptor'))
})

test('QEMU takes any two signs behind createType for the equals sign and the quote', {
  skip: missing,
}, async () => {
  const text = hostDescriptor.replace('createType="', 'createType#\n').replace('/etc/passwd', 'disk.raw')
  const file = join(folder, 'odd.vmdk')
  await writeFile(file, text.replace('20480', '4096'))
  const info = JSON.parse(await qemuImg(folder, 'info', '--output=json', '-f', 'vmdk', 'odd.vmdk'))
  assert.equal(info['format-specific'].data.extents[0].filename, 'disk.raw')
  const finding = await inspectFile(file)
  const declared = { diskFormat: 'vmdk', containerFormat: 'ami' }
  assert.throws(() => judge(finding, declared, 'warn'), reasonIs('vmdk-descriptor'))
})

test('real media: bootable ISO images', async (t) => {
  if (!(await debianPackage('memtest86+', 'grub-rescue-pc'))) return t.skip('Debian packages are missing')
  const images = [
    '/usr/lib/memtest86+/memtest86+x64.iso',
    '/usr/lib/memtest86+/memtest86+ia32.iso',
    '/usr/lib/grub-rescue/grub-rescue-cdrom.iso',
    '/usr/lib/grub-rescue/grub-rescue-floppy.img',
  ]
  for (const path of images) {
    const finding = await inspectFile(path)
    assert.deepEqual(finding.matches, ['iso', 'mbr'], path)
    const { virtualSize } = judge(finding, { diskFormat: 'iso', containerFormat: 'bare' }, 'refuse')
    // The size of the volume; memtest86+ has a partition for EFI behind it.
    assert.ok(virtualSize !== null && virtualSize > 1_000_000 && virtualSize <= finding.size, path)
    const asRaw = judge(finding, { diskFormat: 'raw', containerFormat: 'bare' }, 'refuse')
    assert.equal(asRaw.virtualSize, finding.size, path)
    assert.throws(
      () => judge(finding, { diskFormat: 'qcow2', containerFormat: 'bare' }, 'refuse'),
      reasonIs('format-mismatch'),
    )
  }
})

for (const [compression, program, ...packages] of [
  ['gzip', 'gzip'],
  ['bzip2', 'bzip2', 'bzip2'],
  ['xz', 'xz', 'xz-utils'],
  ['zstd', 'zstd', 'zstd'],
] as const) {
  test(`what ${program} compresses`, async (t) => {
    if (packages.length > 0 && !(await debianPackage(...packages))) return t.skip(`${program} is missing`)
    const run = promisify(execFile)
    const { stdout } = await run(program, ['-c', 'disk.raw'], { cwd: folder, encoding: 'buffer' })
    const finding = inspectBytes(stdout)
    assert.equal(finding.compression, compression)
    const judgement = judge(finding, { diskFormat: 'raw', containerFormat: 'bare' }, 'refuse')
    assert.deepEqual(judgement, { virtualSize: stdout.length, warning: null })
  })
}

function fileName(name: string): string {
  return `${name.replaceAll(/[^a-z0-9]+/g, '-')}.img`
}

function reasonIs(reason: string) {
  return (error: unknown) => isFailure(error, 'content') && error.detail.reason === reason
}
