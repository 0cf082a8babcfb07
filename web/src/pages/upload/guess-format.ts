import { formatOfName } from '../../parts/form/image-facts.ts'

/** Bytes that a format has at a fixed place. */
const marks: readonly { readonly format: string; readonly at: number; readonly text: string }[] = [
  { format: 'qcow2', at: 0, text: 'QFI\xfb' },
  { format: 'vmdk', at: 0, text: 'KDMV' },
  { format: 'vmdk', at: 0, text: '# Disk DescriptorFile' },
  { format: 'vhdx', at: 0, text: 'vhdxfile' },
  { format: 'vhd', at: 0, text: 'conectix' },
  { format: 'vdi', at: 64, text: '\x7f\x10\xda\xbe' },
  { format: 'iso', at: 32_769, text: 'CD001' },
  { format: 'ploop', at: 0, text: 'WithoutFreeSpace' },
  { format: 'ploop', at: 0, text: 'WithouFreSpacExt' },
]

/** How much of a file is read. */
const headBytes = 32_774

/** The format of a file: what its first bytes say, else what its name says; null when neither does. */
export async function guessFormat(file: File): Promise<string | null> {
  const head = new Uint8Array(await file.slice(0, headBytes).arrayBuffer())
  const found = marks.find(({ at, text }) =>
    [...text].every((letter, n) => head[at + n] === letter.charCodeAt(0)),
  )
  return found?.format ?? formatOfName(file.name)
}
