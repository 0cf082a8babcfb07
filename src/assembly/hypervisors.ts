import { mkdir, stat } from 'node:fs/promises'
import type { Disks, Hypervisors } from '../catalogue/core.ts'
import { diskFiles, diskFormat } from '../hypervisor/disk-files.ts'
import { libvirt } from '../hypervisor/libvirt.ts'
import { allowedLibvirtUrl } from '../hypervisor/libvirt-url.ts'
import {
  applyInternalSnapshot,
  createInternalSnapshot,
  deleteInternalSnapshot,
  exportDisk,
  inspectDisk,
} from '../hypervisor/qemu-img.ts'

export const libvirtHypervisors: Hypervisors = {
  at: (url) => (allowedLibvirtUrl(url) ? libvirt(url) : null),
  isHere: isLocal,
}

/** A path on another machine would name another file here, whatever that is. */
function isLocal(url: string): boolean {
  const host = /^qemu(?:\+[a-z]+)?:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)/.exec(url)?.[1]
  return host === '' || host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host ?? '-')
}

/** What an empty qcow2 image takes, and what its tables take of every byte that is mapped. */
const headBytes = 2 ** 20
const tableShare = 1 / 1024

/** @param disksDirectory IMAGEPORT_DISKS_DIR; null when it is not set */
export function diskTools(exportsDirectory: string, disksDirectory: string | null): Disks {
  const files = diskFiles(disksDirectory)
  return {
    exportsDirectory,

    async find(name, signal) {
      const file = await files.resolve(name)
      const format = await diskFormat(file)
      await files.demandContained(file, format, signal)
      return { file, format }
    },

    async exportSize({ file, format }, signal) {
      const { virtualSizeBytes, backingFile, dataFile, extents } = await inspectDisk(file, format, { signal })
      const { blocks } = await stat(file)
      // A snapshot's clusters are among those of its file, unless there are other files below.
      const alone = backingFile === null && dataFile === null && extents.length === 0 && blocks > 0
      const bytes = alone ? Math.min(virtualSizeBytes, blocks * 512) : virtualSizeBytes
      return Math.ceil(bytes * (1 + tableShare)) + headBytes
    },

    async export(source, target, options) {
      await mkdir(exportsDirectory, { recursive: true, mode: 0o700 })
      await exportDisk(source, target, options)
    },

    createSnapshot: (file, name, signal) => createInternalSnapshot(file, name, { signal }),
    deleteSnapshot: (file, name, signal) => deleteInternalSnapshot(file, name, { signal }),
    applySnapshot: (file, name, signal) => applyInternalSnapshot(file, name, { signal }),
  }
}
