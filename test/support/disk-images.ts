/** Disk images for tests: made by the real qemu-img, or by hand where no tool makes them. */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Finding } from '../../src/catalogue/bytes/formats/finding.ts'
import { inspector } from '../../src/catalogue/bytes/formats/inspect.ts'
import { debianPackage } from './debian.ts'

const run = promisify(execFile)

/** True when qemu-img is there, installed now if need be. */
export function haveQemuImg(): Promise<boolean> {
  return debianPackage('qemu-utils')
}

/**
 * Runs qemu-img in a folder (so that images name each other without paths); its standard output. It measures
 * the CPU when it makes LUKS keys, and gives up where the system's clock is coarse: then it is asked again.
 */
export async function qemuImg(folder: string, ...args: readonly string[]): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { stdout } = await run('qemu-img', args, { cwd: folder, timeout: 60_000 })
      return stdout
    } catch (error) {
      if (attempt === 10 || !String(error).includes('Unable to get accurate CPU usage')) throw error
    }
  }
}

/** The virtual size in bytes according to qemu-img, for the format as QEMU calls it (vhd is `vpc`). */
export async function qemuVirtualSize(folder: string, file: string, format: string): Promise<number> {
  const info = JSON.parse(await qemuImg(folder, 'info', '--output=json', '-f', format, file))
  return info['virtual-size']
}

/** An empty folder under the system's temporary one, and how to remove it. */
export async function imageFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'imageport-images-'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** Inspects bytes that arrive in pieces of the given size. */
export function inspectBytes(bytes: Uint8Array, pieceSize = 65_536): Finding {
  const inspection = inspector()
  for (let at = 0; at < bytes.length; at += pieceSize) {
    inspection.write(bytes.subarray(at, Math.min(at + pieceSize, bytes.length)))
  }
  return inspection.finish()
}

export async function inspectFile(path: string): Promise<Finding> {
  const inspection = inspector()
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) inspection.write(chunk)
  return inspection.finish()
}

type Piece = Uint8Array | string | readonly number[]

/** A file of zeros with pieces put at offsets; strings are Latin-1. */
export function bytesWith(length: number, pieces: Readonly<Record<number, Piece>>): Buffer {
  const bytes = Buffer.alloc(length)
  for (const [offset, piece] of Object.entries(pieces)) {
    const content = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : Buffer.from(piece)
    content.copy(bytes, Number(offset))
  }
  return bytes
}

/** Unsigned integers as bytes: width in bits, byte order in the name. */
export const u32be = (value: number) => integer(4, (bytes) => bytes.writeUInt32BE(value))
export const u32le = (value: number) => integer(4, (bytes) => bytes.writeUInt32LE(value))
export const u64be = (value: bigint) => integer(8, (bytes) => bytes.writeBigUInt64BE(value))
export const u64le = (value: bigint) => integer(8, (bytes) => bytes.writeBigUInt64LE(value))

function integer(length: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(length)
  write(bytes)
  return bytes
}

export type Qcow2Header = {
  readonly version?: number
  readonly backingOffset?: bigint
  readonly features?: bigint
  readonly encryption?: number
  readonly clusterBits?: number
  readonly headerLength?: number
  readonly virtualSize?: bigint
  /** Type and content, written behind the header. */
  readonly extensions?: readonly (readonly [number, Uint8Array])[]
  readonly length?: number
}

/** A qcow2 header without the tables that would follow. */
export function qcow2Header(header: Qcow2Header = {}): Buffer {
  const { version = 3, headerLength = 112, clusterBits = 16, virtualSize = 1_048_576n } = header
  const extensions = (header.extensions ?? []).flatMap(([type, content]) => {
    const padding = Buffer.alloc((8 - (content.length % 8)) % 8)
    return [u32be(type), u32be(content.length), Buffer.from(content), padding]
  })
  return bytesWith(header.length ?? 2 ** clusterBits, {
    0: 'QFI\xfb',
    4: u32be(version),
    8: u64be(header.backingOffset ?? 0n),
    20: u32be(clusterBits),
    24: u64be(virtualSize),
    32: u32be(header.encryption ?? 0),
    ...(version === 2
      ? { 72: Buffer.concat(extensions) }
      : {
          72: u64be(header.features ?? 0n),
          96: u32be(4),
          100: u32be(headerLength),
          [headerLength]: Buffer.concat(extensions),
        }),
  })
}

export const plainDescriptor = `# Disk DescriptorFile
version=1
CID=7f2e1a00
parentCID=ffffffff
createType="monolithicSparse"

# Extent description
RW 20480 SPARSE "disk.vmdk"

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "20"
`

export type VmdkHeader = {
  readonly version?: number
  readonly sectors?: bigint
  readonly descriptor?: string
  readonly descriptorStart?: bigint
  readonly descriptorSectors?: bigint
  readonly directory?: bigint
}

const vmdkEnd = 0xffff_ffff_ffff_ffffn

/** Header and descriptor of a sparse VMDK; the data would follow. */
export function vmdkHeader(header: VmdkHeader = {}): Buffer {
  return Buffer.concat([
    vmdkSector(header),
    bytesWith(20 * 512, { 0: header.descriptor ?? plainDescriptor }),
    Buffer.alloc(64 * 512),
  ])
}

/** A VMDK whose grain directory is named in a footer. `footer` differs from the header where a test wants it. */
export function vmdkWithFooter(footer: VmdkHeader = {}, marker = 3, endOfStream = 0): Buffer {
  return Buffer.concat([
    vmdkHeader({ directory: vmdkEnd }),
    bytesWith(512, { 0: u64le(1n), 12: u32le(marker) }),
    vmdkSector({ directory: 40n, ...footer }),
    bytesWith(512, { 12: u32le(endOfStream) }),
  ])
}

function vmdkSector(header: VmdkHeader): Buffer {
  return bytesWith(512, {
    0: 'KDMV',
    4: u32le(header.version ?? 3),
    8: u32le(0x30001),
    12: u64le(header.sectors ?? 20480n),
    20: u64le(128n),
    28: u64le(header.descriptorStart ?? 1n),
    36: u64le(header.descriptorSectors ?? 20n),
    44: u32le(512),
    56: u64le(header.directory ?? 26n),
    64: u64le(128n),
    73: '\n \r\n',
  })
}

/** One entry of a partition table: flag, first CHS, type, last CHS, first sector, sectors. */
export function partition(
  type: number,
  { flag = 0, chs = [0x20, 0x21, 0], lba = 2048, sectors = 4096 } = {},
) {
  return Buffer.concat([Buffer.from([flag, ...chs, type, 0xfe, 0xff, 0xff]), u32le(lba), u32le(sectors)])
}

/** A raw disk with a partition table in its first sector. */
export function partitionedDisk(entries: readonly Uint8Array[], length = 4 * 1024 * 1024): Buffer {
  return bytesWith(length, { 440: u32le(0x1234abcd), 446: Buffer.concat(entries), 510: [0x55, 0xaa] })
}

/** The entry that guards a GPT from tools which do not know it. */
export const protectivePartition = partition(0xee, { chs: [0, 2, 0], lba: 1, sectors: 8191 })

/** A primary volume descriptor of ISO 9660, for byte 32768, that says 20 blocks of 2048 bytes. */
export const isoVolume = bytesWith(2048, { 0: '\x01CD001\x01', 80: u32le(20), 128: [0, 8] })

/** What ends a fixed VHD, and also begins a dynamic one. Types: 2 fixed, 3 dynamic, 4 differencing. */
export const vhdFooter = (type: 2 | 3 | 4) =>
  bytesWith(512, { 0: 'conectix', 40: u64be(8_390_656n), 60: u32be(type) })

/** A VDI header. Types: 1 dynamic, 2 fixed, 3 undo, 4 differencing. */
export const vdiHeader = (type: 1 | 2 | 3 | 4) =>
  bytesWith(4096, { 64: u32le(0xbeda107f), 76: u32le(type), 368: u64le(8_388_608n) })

/** A LUKS header whose payload, in version 1, starts at byte 4096. */
export const luksHeader = (version: number, length = 8192) =>
  bytesWith(length, { 0: 'LUKS\xba\xbe', 6: [0, version], 104: u32be(8) })

/** A VMDK that is only text: its data would have to come from a file of the host. */
export const hostDescriptor = `# Disk DescriptorFile
version=1
CID=7f2e1a00
parentCID=ffffffff
createType="monolithicFlat"
RW 20480 FLAT "/etc/passwd" 0
`

/** The type of a qcow2 header extension that names an external data file. */
export const dataFileExtension = 0x44415441

/** Items of a VHDX's metadata, by what they are called; on disk the first three groups of a GUID are turned round. */
const vhdxItems = {
  size: '2442a52f1bcd7648b2115dbed83bf4b8',
  parameters: '3767a1ca36fa434db3b633f0aa44e76b',
  parent: '2d5fd3a80bb34d45abf7d3d84834ab0c',
} as const

export type VhdxImage = {
  /** Bytes; no item when left out. */
  readonly size?: bigint
  /** The flags of the file parameters; no item when left out. */
  readonly flags?: number
  /** An item that names a parent. */
  readonly parent?: boolean
}

/** A VHDX region table at 192 KiB and metadata at 1 MiB; the data would follow. */
export function vhdxImage({ size, flags, parent = false }: VhdxImage): Buffer {
  const items = [
    ...(flags === undefined ? [] : [[vhdxItems.parameters, 65_536] as const]),
    ...(size === undefined ? [] : [[vhdxItems.size, 65_544] as const]),
    ...(parent ? [[vhdxItems.parent, 65_552] as const] : []),
  ]
  const entries = items.map(([id, offset]) => bytesWith(32, { 0: Buffer.from(id, 'hex'), 16: u32le(offset) }))
  return bytesWith(1_200_000, {
    0: 'vhdxfile',
    196608: 'regi',
    196616: u32le(1),
    196624: Buffer.from('06a27c8b90479a4bb8fe575f050f886e', 'hex'),
    196640: u64le(1_048_576n),
    1048576: 'metadata',
    1048586: [items.length, 0],
    1048608: Buffer.concat(entries),
    1114116: u32le(flags ?? 0),
    1114120: u64le(size ?? 0n),
  })
}
