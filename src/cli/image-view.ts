import type { WireImage } from '../faces/console/wire.ts'
import { bytes, facts, moment, table, terminalWidth } from './text.ts'

export function imageTable(images: readonly WireImage[]): string {
  return table(
    images,
    [
      { title: 'UUID', of: ({ uuid }) => uuid },
      { title: 'NAME', of: ({ name }) => name },
      { title: 'STATUS', of: ({ status }) => status },
      { title: 'FORMAT', of: ({ diskFormat }) => diskFormat ?? '-' },
      { title: 'SIZE', of: ({ size }) => bytes(size), right: true },
      { title: 'VISIBILITY', of: ({ visibility }) => visibility },
      { title: 'PROJECT', of: ({ project }) => project?.name ?? '-' },
      { title: 'CREATED', of: ({ createdAt }) => moment(createdAt) },
    ],
    terminalWidth(),
  )
}

export function imageFacts(image: WireImage): string {
  const exactly = (count: number | null) => (count === null ? null : `${count} (${bytes(count)})`)
  return facts([
    ['uuid', image.uuid],
    ['name', image.name],
    ['handle', image.handle],
    ['status', image.status],
    ['failure', image.failure],
    ['visibility', image.visibility],
    ['project', image.project?.name],
    ['region', image.region],
    ['format', image.diskFormat],
    ['container', image.containerFormat],
    ['size', exactly(image.size)],
    ['virtual size', exactly(image.virtualSize)],
    ['min disk', image.minDisk === 0 ? null : `${image.minDisk} GB`],
    ['min ram', image.minRam === 0 ? null : `${image.minRam} MB`],
    ['protected', image.protected],
    ['hidden', image.hidden || null],
    ['tags', image.tags.join(', ')],
    ...Object.entries(image.properties).map(([name, value]) => [`  ${name}`, value] as const),
    ['md5', image.md5],
    ['sha1', image.sha1],
    ['sha256', image.sha256],
    ['sha512', image.sha512],
    ['created', moment(image.createdAt)],
    ['updated', moment(image.updatedAt)],
    ['clean-up', image.cleanupAt === null ? null : moment(image.cleanupAt)],
  ])
}
