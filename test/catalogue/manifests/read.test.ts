import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFailure } from '../../../src/catalogue/failure.ts'
import { readForeignManifest, readForeignValue } from '../../../src/catalogue/manifests/read.ts'
import { sha1, uuid } from './support.ts'

const least = { uuid, version: '1.0', type: 'zvol', os: 'linux', files: [{}] }
const read = (manifest: unknown) => readForeignManifest(JSON.stringify(manifest))

test('everything that Danube takes', () => {
  const manifest = {
    ...least,
    v: 2,
    name: 'base/64',
    description: 'text',
    image_size: 20480,
    tags: { erigones: ['web', 'linux'], resize: true, deploy: true, role: 'x' },
    files: [{ sha1, size: 123, compression: 'gzip' }],
  }
  assert.deepEqual(read(manifest), {
    manifest,
    uuid,
    version: '1.0',
    type: 'zvol',
    os: 'linux',
    ostype: 1,
    name: 'base/64',
    description: 'text',
    imageSizeMb: 20480,
    tags: ['web', 'linux'],
    resize: true,
    deploy: true,
    file: { sha1, size: 123, compression: 'gzip' },
  })
})

test('the least', () => {
  const { manifest: _, ...rest } = read(least)
  assert.deepEqual(rest, {
    uuid,
    version: '1.0',
    type: 'zvol',
    os: 'linux',
    ostype: 1,
    name: null,
    description: '',
    imageSizeMb: 1024,
    tags: [],
    resize: false,
    deploy: false,
    file: { sha1: null, size: null, compression: null },
  })
})

describe('odd but valid', () => {
  const cases: readonly [string, object, object][] = [
    ['upper-case uuid', { uuid: uuid.toUpperCase() }, { uuid }],
    ['number as version', { version: 1.25 }, { version: '1.25' }],
    ['number as name and description', { name: 7, description: 8 }, { name: '7', description: '8' }],
    ['description is null', { description: null }, { description: '' }],
    ['description is an object', { description: {} }, { description: '' }],
    ['size as text', { image_size: '2048' }, { imageSizeMb: 2048 }],
    ['size nought', { image_size: 0 }, { imageSizeMb: 1024 }],
    ['zone without os', { type: 'zone-dataset', os: undefined }, { os: 'smartos', ostype: 5, resize: true }],
    ['lx zone without os', { type: 'lx-dataset', os: undefined }, { os: 'linux', ostype: 6, resize: true }],
    [
      'zone that does not resize',
      { type: 'zone-dataset', tags: { resize: false } },
      { ostype: 5, resize: false },
    ],
    ['unknown type and os', { type: 'future', os: 'plan9' }, { type: 'future', os: 'plan9', ostype: 1 }],
    ['flags as text', { tags: { resize: 'True', deploy: '0' } }, { resize: true, deploy: false }],
    ['flags of other kinds', { tags: { resize: {}, deploy: [] } }, { resize: false, deploy: false }],
    ['tags that are no object', { tags: ['a'] }, { tags: [] }],
    ['erigones with numbers', { tags: { erigones: ['a', 1] } }, { tags: [] }],
    ['erigones as text', { tags: { erigones: 'a' } }, { tags: [] }],
    [
      'odd file',
      { files: [{ sha1: 'NoSuch', size: '5', compression: 'zip' }] },
      { file: { sha1: 'nosuch', size: 5, compression: null } },
    ],
    [
      'file of wrong types',
      { files: [{ sha1: 5, size: -1, compression: [] }] },
      { file: { sha1: null, size: null, compression: null } },
    ],
    [
      'very long sha1',
      { files: [{ sha1: 'a'.repeat(129) }] },
      { file: { sha1: null, size: null, compression: null } },
    ],
  ]
  for (const [name, change, expected] of cases)
    test(name, () => {
      const found: Record<string, unknown> = read({ ...least, ...change })
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(found[key], value, key)
    })
})

test('a byte order mark before it', () => {
  assert.equal(readForeignManifest(`\uFEFF${JSON.stringify(least)}`).uuid, uuid)
})

describe('refused', () => {
  const without = (key: string) => JSON.stringify({ ...least, [key]: undefined })
  const withKey = (key: string, value: unknown) => JSON.stringify({ ...least, [key]: value })
  const invalid: readonly [string, string][] = [
    ['array', '[]'],
    ['null', 'null'],
    ['number', '1'],
    ['text', '"x"'],
    ...['uuid', 'version', 'type', 'os', 'files'].map(
      (key) => [`no ${key}`, without(key)] as [string, string],
    ),
    ...['uuid', 'version', 'type', 'os', 'files'].map(
      (key) => [`${key} null`, withKey(key, null)] as [string, string],
    ),
    ['uuid not one', withKey('uuid', 'x')],
    ['uuid with more behind', withKey('uuid', `${uuid}\n`)],
    ['uuid a number', withKey('uuid', 5)],
    ['version an array', withKey('version', ['1'])],
    ['type an object', withKey('type', {})],
    ['no file', withKey('files', [])],
    ['files an object', withKey('files', { 0: {} })],
    ['file null', withKey('files', [null])],
    ['file text', withKey('files', ['x'])],
    ...[1.5, 'big', null, true, [], -1, 1e300, '1e3', '9'.repeat(400)].map(
      (size) => [`image_size ${String(size).slice(0, 20)}`, withKey('image_size', size)] as [string, string],
    ),
    [
      'only inherited keys',
      '{"__proto__": {"uuid": "x", "version": "1", "type": "zvol", "os": "linux", "files": [{}]}}',
    ],
    ['too deep', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['several files but no uuid', JSON.stringify({ ...least, uuid: undefined, files: [{}, {}] })],
  ]
  const refuses = (text: string, reason: string, message: string) =>
    assert.throws(
      () => readForeignManifest(text),
      (error) => isFailure(error, 'invalid') && error.detail.reason === reason && error.message === message,
    )
  for (const [name, text] of invalid)
    test(name, () => refuses(text, 'invalid-manifest', 'Invalid image manifest.'))
  for (const text of ['', ' ', '<html>', '{', `${JSON.stringify(least)},`, '['.repeat(200_000)])
    test(`no JSON: ${text.slice(0, 12)}`, () => refuses(text, 'not-json', 'Could not parse image manifest.'))
  for (const files of [[{}, {}], [{}, null], Array(100_000).fill({})])
    test(`${files.length} files`, () =>
      refuses(withKey('files', files), 'several-files', 'Multiple files inside manifest are not supported.'))
})

test('keys with special names do no harm', () => {
  const text = JSON.stringify(least).replace(
    '{',
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},',
  )
  assert.equal(readForeignManifest(text).uuid, uuid)
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

test('the first version of the format', () => {
  const { manifest, file } = readForeignValue({
    uuid,
    name: 'smartos',
    version: '1.3.12',
    type: 'zone-dataset',
    os: 'smartos',
    creator_uuid: '352971AA-31BA-496C-9ADE-A379FECA1E42',
    creator_name: 'sdc',
    vendor_uuid: '352971aa-31ba-496c-9ade-a379feca1e42',
    cloud_name: 'sdc',
    platform_type: 'smartos',
    restrict_to_uuid: '11111111-2222-4333-8444-555555555555',
    created_at: '2011-06-08T20:15:00.000Z',
    files: [{ path: 'smartos-1.3.12.zfs.bz2', url: 'https://repository.example/f', sha1, size: 1 }],
  })
  assert.deepEqual(manifest, {
    v: 2,
    uuid,
    name: 'smartos',
    version: '1.3.12',
    type: 'zone-dataset',
    os: 'smartos',
    owner: '352971aa-31ba-496c-9ade-a379feca1e42',
    public: false,
    published_at: '2011-06-08T20:15:00.000Z',
    files: [{ sha1, size: 1, compression: 'bzip2' }],
  })
  assert.deepEqual(file, { sha1, size: 1, compression: 'bzip2' })
})

test('odd values in the first version', () => {
  const { manifest } = readForeignValue({
    ...least,
    v: 1,
    creator_uuid: 5,
    created_at: 'soon',
    files: [{ path: 3 }],
  })
  assert.deepEqual(manifest, { ...least, v: 2, files: [{ compression: 'none' }] })
})
