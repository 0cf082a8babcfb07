/**
 * Disk images, read and written by `qemu-img`. The format is always said, never guessed by QEMU: the first bytes of a raw
 * disk belong to its guest, which could make them the header of a format that names other files. Paths are absolute, so
 * that none is read as a protocol (`nbd:…`, `json:…`).
 *
 * All functions throw a Failure: `unavailable` (reason `hypervisor`) when qemu-img is missing, hangs or fails inside;
 * `interrupted`; `not-found` (subject `disk` or `snapshot`); `content` when the file is not of the format or refers to
 * what it may not.
 */
import { rm, stat } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { Failure } from '../catalogue/failure.ts'
import { command, unavailable } from './command.ts'
import type { SnapshotSource } from './hypervisor.ts'

export type ImageSnapshot = {
  /** Unique in the image, which names need not be. */
  readonly id: string
  readonly name: string
}

export type DiskInfo = {
  readonly virtualSizeBytes: number
  readonly snapshots: readonly ImageSnapshot[]
  /** What lies below: an absolute path with links not resolved, or words of QEMU for what is no file. */
  readonly backingFile: string | null
  /** Null when the image does not say it, and QEMU would guess. */
  readonly backingFormat: string | null
  /** Where a qcow2 image without data of its own keeps them, as `backingFile`. */
  readonly dataFile: string | null
  /** The further files that make up a vmdk image, its own path not among them. */
  readonly extents: readonly string[]
}

type Options = { readonly signal?: AbortSignal | undefined }

/** The formats that are read at all. What is not among them could refer to other files in ways that nobody checked. */
const formats = ['qcow2', 'raw', 'qed', 'vmdk', 'vdi', 'vpc', 'vhdx']
const maxChain = 200
const infoTime = 30_000
/** Crafted headers have made QEMU compute and allocate without end (glance.md 23.4). */
const infoLimits = { cpuSeconds: 10, addressSpaceBytes: 2 ** 30 }
const snapshotTime = 600_000

/** Reads the header. Works while a guest runs on it. */
export async function inspectDisk(file: string, format: string, options: Options = {}): Promise<DiskInfo> {
  await demandFile(file, format)
  const said = await qemuImg(['info', '-U', '--output=json', '-f', format, file], {
    ...options,
    timeout: infoTime,
    limits: infoLimits,
    maxBytes: 32 * 2 ** 20,
  })
  return readInfo(said, file)
}

// What is used of QEMU's ImageInfo; everything else is left alone.
type ImageInfo = {
  readonly 'virtual-size': number
  readonly snapshots?: readonly { readonly id: string; readonly name: string }[]
  readonly 'backing-filename'?: string
  readonly 'full-backing-filename'?: string
  readonly 'backing-filename-format'?: string
  readonly 'format-specific'?: {
    readonly data?: {
      readonly 'data-file'?: string
      readonly extents?: readonly { readonly filename: string }[]
    }
  }
}

function readInfo(json: string, file: string): DiskInfo {
  const info: ImageInfo = JSON.parse(json)
  const data = info['format-specific']?.data
  return {
    virtualSizeBytes: info['virtual-size'],
    snapshots: (info.snapshots ?? []).map(({ id, name }) => ({ id, name })),
    backingFile: info['full-backing-filename'] ?? info['backing-filename'] ?? null,
    backingFormat: info['backing-filename-format'] ?? null,
    dataFile: data?.['data-file'] === undefined ? null : besides(file, data['data-file']),
    extents: (data?.extents ?? []).map(({ filename }) => filename).filter((name) => name !== file),
  }
}

/** QEMU reads a relative name from the image's folder, and what has a colon before any slash as a protocol. */
function besides(file: string, name: string): string {
  return /^[^/]*:/.test(name) ? name : resolve(dirname(file), name)
}

/**
 * All files that an image is made of, from itself down. A file is opened only after it has been given out, so that the
 * caller can refuse it.
 * @throws Failure `content` when one is no local file, its format is not said, or there are too many
 */
export async function* diskChain(
  file: string,
  format: string,
  options: Options = {},
): AsyncGenerator<string> {
  let at = { file, format }
  for (let depth = 0; depth < maxChain; depth++) {
    yield at.file
    const { dataFile, extents, backingFile, backingFormat } = await inspectDisk(at.file, at.format, options)
    for (const part of dataFile === null ? extents : [dataFile, ...extents]) {
      if (!isAbsolute(part)) throw hostile('The image refers to data that are not in a file.')
      yield part
    }
    if (backingFile === null) return
    if (!isAbsolute(backingFile)) throw hostile('The backing file of the image is not a file.')
    if (backingFormat === null) throw hostile('The image does not say of which format its backing file is.')
    at = { file: backingFile, format: backingFormat }
  }
  throw hostile('The image has too many backing files.')
}

/**
 * Writes the contents of a snapshot into a qcow2 image that needs no other file. A guest may run on the source.
 * @param target absolute path; overwritten, and removed when it fails
 * @param options.progress gets 0 to 100, a few times a second at most
 * @throws Failure also `state` when the image has two snapshots of the name, `no-space`
 */
export async function exportDisk(
  source: SnapshotSource,
  target: string,
  options: Options & { readonly progress?: ((percent: number) => void) | undefined } = {},
): Promise<void> {
  const { signal, progress } = options
  demandAbsolute(target)
  for await (const _ of diskChain(source.file, source.format, { signal }));
  const which = source.internal === null ? [] : await snapshotOption(source, source.internal, signal)
  const args = ['convert', '-p', '-U', '-f', source.format, '-O', 'qcow2', ...which, source.file, target]
  let last = -1
  const onOutput = (text: string) => {
    const percent = Math.floor(Number(/.*\((\d+(?:\.\d+)?)\/100%\)/s.exec(text)?.[1] ?? -1))
    if (percent <= last) return
    last = percent
    progress?.(percent)
  }
  try {
    await qemuImg(args, { signal, onOutput })
  } catch (error) {
    await rm(target, { force: true })
    throw error
  }
}

/** By its id, because QEMU would read commas in a name as the end of it. */
async function snapshotOption(
  { file, format }: SnapshotSource,
  name: string,
  signal: AbortSignal | undefined,
) {
  return ['-l', `snapshot.id=${snapshotId(await inspectDisk(file, format, { signal }), name)}`]
}

/** @throws Failure `conflict` when the image has one of the name */
export async function createInternalSnapshot(
  file: string,
  name: string,
  options: Options = {},
): Promise<void> {
  const { snapshots } = await inspectDisk(file, 'qcow2', options)
  if (snapshots.some((snapshot) => snapshot.name === name))
    throw new Failure('conflict', 'The disk has a snapshot of this name.', { subject: 'snapshot', id: name })
  await snapshot('-c', name, file, options)
}

/** The file must not be in use. */
export async function deleteInternalSnapshot(
  file: string,
  name: string,
  options: Options = {},
): Promise<void> {
  // To delete, QEMU looks for the name only; that there is just one of it is checked here.
  snapshotId(await inspectDisk(file, 'qcow2', options), name)
  await snapshot('-d', name, file, options)
}

/** Puts the contents back as they were. The file must not be in use. */
export async function applyInternalSnapshot(
  file: string,
  name: string,
  options: Options = {},
): Promise<void> {
  // To apply, QEMU looks for the id before the name: a snapshot named `1` would be taken for the first one.
  await snapshot('-a', snapshotId(await inspectDisk(file, 'qcow2', options), name), file, options)
}

async function snapshot(
  flag: '-c' | '-d' | '-a',
  name: string,
  file: string,
  options: Options,
): Promise<void> {
  // As one argument, so that a name which begins with a hyphen is not an option.
  await qemuImg(['snapshot', `${flag}${name}`, '--', file], { ...options, timeout: snapshotTime })
}

/** Ids are digits and unique; names are neither. */
function snapshotId({ snapshots }: DiskInfo, name: string): string {
  const [found, second] = snapshots.filter((each) => each.name === name)
  const detail = { subject: 'snapshot', id: name }
  if (!found) throw new Failure('not-found', 'The disk has no snapshot of this name.', detail)
  if (second) throw new Failure('state', 'The disk has more than one snapshot of this name.', detail)
  return found.id
}

/** @throws Failure `not-found`, `content` */
async function demandFile(file: string, format: string): Promise<void> {
  demandAbsolute(file)
  if (!formats.includes(format)) throw hostile(`Images of the format ${format} are not read.`)
  const found = await stat(file).catch((error: unknown) => {
    throw new Failure(
      'not-found',
      'The file of the disk is not there.',
      { subject: 'disk' },
      { cause: error },
    )
  })
  // Opening a pipe would wait for ever.
  if (!found.isFile() && !found.isBlockDevice())
    throw hostile('The disk is neither a file nor a block device.')
}

function demandAbsolute(file: string): void {
  if (!isAbsolute(file) || file.includes('\0')) throw new TypeError(`not an absolute path: ${file}`)
}

async function qemuImg(
  args: readonly string[],
  options: Parameters<typeof command>[2] = {},
): Promise<string> {
  const { code, stdout, stderr } = await command('qemu-img', args, options)
  if (code === 0) return stdout
  const cause = new Error(`qemu-img: ${stderr.trim().slice(0, 4000)}`)
  if (/No space left on device/.test(stderr))
    throw new Failure('no-space', 'There is no space left for the image.', {}, { cause })
  if (/Failed to get .*lock/.test(stderr))
    throw new Failure('state', 'The disk is in use.', { subject: 'disk' }, { cause })
  if (/Image is not in |[Ii]mage is corrupt|not a valid|invalid|[Uu]nsupported/.test(stderr))
    throw new Failure('content', 'The disk image cannot be read.', { subject: 'disk' }, { cause })
  throw unavailable('qemu-img failed.', cause)
}

function hostile(message: string): Failure {
  return new Failure('content', message, { subject: 'disk' })
}
