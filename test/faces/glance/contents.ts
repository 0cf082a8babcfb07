/** Contents of images for tests of this wire: what is refused with which words, and what is accepted. */
import { gzipSync } from 'node:zlib'
import {
  bytesWith,
  dataFileExtension,
  hostDescriptor,
  isoVolume,
  luksHeader,
  partition,
  partitionedDisk,
  plainDescriptor,
  protectivePartition,
  qcow2Header,
  vdiHeader,
  vhdFooter,
  vhdxImage,
  vmdkHeader,
  vmdkWithFooter,
} from '../../support/disk-images.ts'
import type { World } from './world.ts'

const linux = partition(0x83, { flag: 0x80 })
const disk = (...entries: Uint8Array[]) => partitionedDisk(entries, 8192)
export const qcow2 = (header: Parameters<typeof qcow2Header>[0] = {}) =>
  qcow2Header({ clusterBits: 12, ...header })
export const descriptor = (from: string, to: string) =>
  vmdkHeader({ descriptor: plainDescriptor.replace(from, to) })
const extent = (line: string) => descriptor('RW 20480 SPARSE "disk.vmdk"', line)
const random = Buffer.from('9ZQK2mX0 these bytes are of no format')

/** One small image of each declared format that is accepted, with its virtual size. */
export const good: Readonly<Record<string, readonly [Buffer, number]>> = {
  raw: [random, random.length],
  qcow2: [qcow2(), 1_048_576],
  vmdk: [vmdkHeader(), 20480 * 512],
  vhd: [Buffer.concat([vhdFooter(3), Buffer.alloc(512)]), 8_390_656],
  vhdx: [vhdxImage({ size: 8_388_608n, flags: 0 }), 8_388_608],
  vdi: [vdiHeader(1), 8_388_608],
  iso: [bytesWith(36_864, { 32768: isoVolume }), 40_960],
  ploop: [bytesWith(4096, { 0: 'WithoutFreeSpace', 36: [0, 8] }), 1_048_576],
  ami: [random, random.length],
  ari: [random, random.length],
  aki: [random, random.length],
}

/** What is hostile under every label: name, bytes, the message. */
export const hostile: readonly (readonly [string, Buffer, string])[] = [
  [
    'qcow2 with a backing file',
    qcow2({ backingOffset: 400n }),
    'The qcow2 image names a backing file; convert it to a standalone image (qemu-img convert) first.',
  ],
  [
    'qcow2 of version 2 with a backing file',
    qcow2({ version: 2, backingOffset: 400n }),
    'The qcow2 image names a backing file; convert it to a standalone image (qemu-img convert) first.',
  ],
  [
    'qcow2 with a backing file, cut off inside its header',
    qcow2({ backingOffset: 112n }).subarray(0, 130),
    'The qcow2 image names a backing file; convert it to a standalone image (qemu-img convert) first.',
  ],
  [
    'qcow2 with the bit of an external data file',
    qcow2({ features: 4n }),
    'The qcow2 image keeps its data in an external data file.',
  ],
  [
    'qcow2 with the name of an external data file',
    qcow2({ extensions: [[dataFileExtension, Buffer.from('/etc/passwd')]] }),
    'The qcow2 image keeps its data in an external data file.',
  ],
  [
    'qcow2 with extended L2 entries',
    qcow2({ features: 16n }),
    'The qcow2 image needs incompatible features that are not accepted (0x10).',
  ],
  [
    'qcow2 with an unknown feature',
    qcow2({ features: 2n ** 63n }),
    'The qcow2 image needs incompatible features that are not accepted (0x8000000000000000).',
  ],
  [
    'qcow2 with unknown encryption',
    qcow2({ encryption: 3 }),
    'The qcow2 image uses an unknown encryption method.',
  ],
  ['qcow of version 1', qcow2({ version: 1 }), 'The qcow2 image has version 1; only 2 and 3 are accepted.'],
  [
    'vmdk descriptor that names a file of the host',
    Buffer.from(hostDescriptor),
    'The VMDK is only a descriptor; its data would have to come from other files.',
  ],
  [
    'vmdk extent with an absolute path',
    extent('RW 20480 SPARSE "/etc/passwd"'),
    'The VMDK descriptor names another file as extent: "RW 20480 SPARSE \\"/etc/passwd\\"".',
  ],
  [
    'vmdk extent with a relative path',
    extent('rdonly 20480 sparse "../x.vmdk"'),
    'The VMDK descriptor names another file as extent: "rdonly 20480 sparse \\"../x.vmdk\\"".',
  ],
  [
    'vmdk with the name of a parent behind its descriptor',
    vmdkHeader({
      descriptorSectors: 1n,
      descriptor: `${plainDescriptor.padEnd(511, '#')}\nparentFileNameHint="/etc/passwd"`,
    }),
    'The VMDK descriptor does not end in its place.',
  ],
  ['vmdk without extent', extent(''), 'The VMDK descriptor names 0 extents instead of one.'],
  [
    'vmdk of type monolithicFlat',
    descriptor('monolithicSparse', 'monolithicFlat'),
    'VMDK images of type "monolithicFlat" are not accepted, only monolithicSparse and streamOptimized.',
  ],
  [
    'vmdk with a parent',
    descriptor('parentCID=ffffffff', 'parentCID=12345678'),
    'The VMDK names a parent image; consolidate it to a standalone image first.',
  ],
  ['vmdk of version 4', vmdkHeader({ version: 4 }), 'The VMDK has version 4; only 1 to 3 are accepted.'],
  [
    'vmdk with its descriptor elsewhere',
    vmdkHeader({ descriptorStart: 2n }),
    'The VMDK has no descriptor directly behind its header.',
  ],
  [
    'vmdk with an endless descriptor',
    vmdkHeader({ descriptorSectors: 2n ** 63n }),
    'The VMDK descriptor is empty or longer than 1 MiB.',
  ],
  ['vmdk cut off in its header', vmdkHeader().subarray(0, 300), 'The VMDK header is cut off.'],
  ['vmdk cut off in its descriptor', vmdkHeader().subarray(0, 5000), 'The VMDK descriptor is cut off.'],
  [
    'vmdk without the footer it announces',
    vmdkHeader({ directory: 2n ** 64n - 1n }),
    'The footer of the VMDK is missing or contradicts its header.',
  ],
  [
    'vmdk whose footer has the descriptor elsewhere',
    vmdkWithFooter({ descriptorStart: 90n }),
    'The footer of the VMDK is missing or contradicts its header.',
  ],
  ['qed', Buffer.from('QED\0'), 'QED images are not accepted: they may name a backing file.'],
  ['luks of version 2', luksHeader(2), 'The LUKS container has version 2; only version 1 is accepted.'],
  ['differencing vhd', vhdFooter(4), 'The VHD is a differencing disk; merge it with its parent first.'],
  [
    'differencing vhdx',
    vhdxImage({ flags: 2 }),
    'The VHDX is a differencing disk; merge it with its parent first.',
  ],
  ['differencing vdi', vdiHeader(4), 'The VDI is a differencing image; merge it with its parent first.'],
]

/** What is only refused because it is not what it is declared to be: declared format, bytes, what is found. */
export const lies: readonly (readonly [string, string, Buffer, string])[] = [
  ['qcow2 that is raw', 'qcow2', random, 'raw'],
  ['qcow2 of no bytes', 'qcow2', Buffer.alloc(0), 'raw'],
  ['qcow2 cut off in its header', 'qcow2', qcow2().subarray(0, 511), 'raw'],
  ['qcow2 that is a partitioned disk', 'qcow2', disk(linux), 'mbr'],
  ['qcow2 that is compressed', 'qcow2', gzipSync(qcow2()), 'gzip-compressed data'],
  ['vmdk that is qcow2', 'vmdk', qcow2(), 'qcow2'],
  ['vhd that is vhdx', 'vhd', good.vhdx![0], 'vhdx'],
  ['vhdx that is vhd', 'vhdx', good.vhd![0], 'vhd'],
  ['vdi that is raw', 'vdi', random, 'raw'],
  ['iso that is a disk with GPT', 'iso', disk(protectivePartition), 'gpt'],
  ['iso without a volume', 'iso', Buffer.alloc(36_864), 'raw'],
  ['ami that is qcow2', 'ami', qcow2(), 'qcow2'],
  ['ari that is iso', 'ari', good.iso![0], 'iso'],
  ['aki that is luks', 'aki', luksHeader(1), 'luks'],
  ['ploop that is vmdk', 'ploop', vmdkHeader(), 'vmdk'],
]

/** Declared formats, bytes, virtual size. */
export const accepted: readonly (readonly [string, string, string, Buffer, number | null])[] = [
  ...Object.entries(good).map(([format, [bytes, size]]) => [format, format, 'bare', bytes, size] as const),
  ['nothing, as raw', 'raw', 'bare', Buffer.alloc(0), 0],
  ['random bytes as ami', 'ami', 'ami', random, null],
  ['random bytes as vhd in ami', 'vhd', 'ami', random, null],
  ['random bytes as qcow2 in ova', 'qcow2', 'ova', random, null],
  ['random bytes as vmdk in ovf', 'vmdk', 'ovf', random, null],
  ['random bytes as iso in docker', 'iso', 'docker', random, null],
  ['random bytes as ploop', 'ploop', 'bare', random, random.length],
  ['a clean qcow2 as raw', 'raw', 'bare', qcow2(), 4096],
  ['a clean vmdk as raw', 'raw', 'bare', vmdkHeader(), vmdkHeader().length],
  ['luks of version 1 as raw', 'raw', 'bare', luksHeader(1), 8192],
  ['an iso as raw', 'raw', 'bare', good.iso![0], 36_864],
  ['a fixed vhd', 'vhd', 'bare', Buffer.concat([disk(linux), vhdFooter(2)]), 8_390_656],
  ['qcow2 of version 2', 'qcow2', 'bare', qcow2({ version: 2 }), 1_048_576],
  ['a dirty and corrupt qcow2 with zstd', 'qcow2', 'bare', qcow2({ features: 0b1011n }), 1_048_576],
  ['qcow2 of more than 2^63 bytes', 'qcow2', 'bare', qcow2({ virtualSize: 2n ** 63n }), null],
  ['a stream-optimised vmdk', 'vmdk', 'bare', descriptor('monolithicSparse', 'streamOptimized'), 20480 * 512],
  ['a vmdk with footer', 'vmdk', 'bare', vmdkWithFooter(), 20480 * 512],
  [
    'an iso that boots from disks, with GPT',
    'iso',
    'bare',
    bytesWith(36_864, { 446: protectivePartition, 510: [0x55, 0xaa], 32768: isoVolume }),
    40_960,
  ],
  ['a disk with MBR', 'raw', 'bare', disk(linux), 8192],
  ['a disk with GPT', 'raw', 'bare', disk(protectivePartition), 8192],
  ['a disk with a boot flag that is none', 'raw', 'bare', disk(partition(0x83, { flag: 0x41 })), 8192],
  ['a disk without partition', 'raw', 'bare', disk(), 8192],
  ['a disk with a GPT in the second slot', 'raw', 'bare', disk(linux, protectivePartition), 8192],
  ['a kernel, which has a boot signature', 'aki', 'bare', disk(), 8192],
  [
    'a FAT floppy',
    'raw',
    'bare',
    bytesWith(8192, { 16: [2], 21: [0xf8], 446: linux, 510: [0x55, 0xaa] }),
    8192,
  ],
]

/** What an image shows of bytes that it has not got. */
export const nothing = {
  size: null,
  virtual_size: null,
  checksum: null,
  os_hash_algo: null,
  os_hash_value: null,
} as const

/** Ids of everything that the stores hold. */
export async function kept({ core }: World): Promise<readonly string[]> {
  const ids: string[] = []
  for (const { store } of core.stores.all) for await (const { id } of store.list()) ids.push(id)
  return ids
}
