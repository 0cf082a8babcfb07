/** What people say of an image in a form, and how the server wants it. */

export const diskFormats = [
  'qcow2',
  'raw',
  'iso',
  'vmdk',
  'vdi',
  'vhd',
  'vhdx',
  'ploop',
  'ami',
  'ari',
  'aki',
] as const

const byEnding: Readonly<Record<string, string>> = {
  qcow2: 'qcow2',
  qcow: 'qcow2',
  raw: 'raw',
  img: 'raw',
  iso: 'iso',
  vmdk: 'vmdk',
  vdi: 'vdi',
  vhd: 'vhd',
  vpc: 'vhd',
  vhdx: 'vhdx',
  hds: 'ploop',
}

/** The format that the ending of a file's name stands for; null for an unknown one. */
export function formatOfName(name: string): string | null {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase()
  return ending !== undefined && Object.hasOwn(byEnding, ending) ? byEnding[ending]! : null
}

/** A name for an image, of that of its file: without the ending. */
export function nameOfFile(name: string): string {
  return formatOfName(name) === null ? name : name.replace(/\.\w+$/, '')
}

/** The container of an image that comes as one file: those of Amazon are containers of themselves. */
export function containerOf(diskFormat: string): string {
  return ['ami', 'ari', 'aki'].includes(diskFormat) ? diskFormat : 'bare'
}

/** Tags that were written with commas between them. */
export function tagsOf(text: string): string[] {
  return [...new Set(text.split(',').map((tag) => tag.trim()))].filter((tag) => tag !== '')
}

/** Properties that have a value. */
export function propertiesOf(facts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts)
      .map(([name, value]) => [name, value.trim()] as const)
      .filter(([, value]) => value !== ''),
  )
}
