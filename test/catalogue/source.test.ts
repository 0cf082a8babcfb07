import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Image } from '../../src/catalogue/images/image.ts'
import { type Source, sourceOf } from '../../src/catalogue/images/source.ts'
import type { Task } from '../../src/catalogue/tasks/task.ts'

const uuid = '3a0dd6a5-8a5c-4d19-9f29-3d5d2b1a0001'
const plain = { manifest: null } as Image
const withManifest = { manifest: { v: 2 } } as Image
const task = (kind: string, payload: object) => ({ kind, payload }) as Task
const nothing = { url: null, image: null, snapshot: null }

describe('where the bytes of an image come from', () => {
  const cases: [what: string, image: Image, tasks: Task[], arrival: string | null, Source | null][] = [
    ['nothing yet', plain, [], null, null],
    ['an upload', plain, [], 'bytes-received', { ...nothing, kind: 'upload' }],
    ['a location', plain, [], 'bytes-located', { ...nothing, kind: 'location' }],
    ['a copy of what nobody knows any more', plain, [], 'copy', { ...nothing, kind: 'copy' }],
    [
      'a URL, without its secrets',
      plain,
      [task('import-url', { url: 'https://eva:secret@example.org:8443/a%20b.img?token=x#y' })],
      'bytes-received',
      { ...nothing, kind: 'url', url: 'https://example.org:8443/a%20b.img' },
    ],
    [
      'a repository, by its address',
      withManifest,
      [task('import-url', { url: `https://images.example.org/sub/images/${uuid}/file?channel=dev` })],
      'bytes-received',
      { ...nothing, kind: 'repository', url: 'https://images.example.org/sub' },
    ],
    [
      'a file that lies like in a repository, without a manifest',
      plain,
      [task('import-url', { url: `https://example.org/images/${uuid}/file` })],
      null,
      { ...nothing, kind: 'url', url: `https://example.org/images/${uuid}/file` },
    ],
    [
      'a file that is here already',
      withManifest,
      [task('import-url', { url: `http://localhost/images/${uuid}/file`, sourceUuid: uuid })],
      'copy',
      { ...nothing, kind: 'copy', image: uuid },
    ],
    [
      'what is no URL',
      plain,
      [task('import-image', { method: 'web-download', url: '::' })],
      null,
      { ...nothing, kind: 'url' },
    ],
    [
      'another Glance',
      plain,
      [
        task('import-image', {
          method: 'glance-download',
          other: { endpoint: 'https://u:p@glance.example.org/v2' },
        }),
      ],
      'import',
      { ...nothing, kind: 'glance', url: 'https://glance.example.org/v2' },
    ],
    [
      'staged bytes',
      plain,
      [task('import-image', { method: 'glance-direct' })],
      'import',
      { ...nothing, kind: 'upload' },
    ],
    [
      'what was added to a second store afterwards is no source',
      plain,
      [task('import-image', { method: 'copy-image' }), task('copy-image', { sourceUuid: uuid })],
      'import',
      { ...nothing, kind: 'copy', image: uuid },
    ],
    [
      'a snapshot',
      withManifest,
      [task('snapshot-image', { instanceUuid: uuid, disk: 1, name: 'before', snapshotId: 5 })],
      'bytes-received',
      { ...nothing, kind: 'snapshot', snapshot: { instance: uuid, disk: 1, name: 'before' } },
    ],
    [
      'a location that was fetched',
      plain,
      [task('location-import', { url: 'https://example.org/x?y' })],
      'bytes-received',
      { ...nothing, kind: 'location', url: 'https://example.org/x' },
    ],
  ]
  for (const [what, image, tasks, arrival, expected] of cases)
    test(what, () => assert.deepEqual(sourceOf(image, tasks, arrival), expected))
})
