import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Image } from '../../../src/catalogue/images/image.ts'
import { type Manifest, manifestKeys, ordered, zeroOwner } from '../../../src/catalogue/manifests/manifest.ts'
import { readForeignManifest } from '../../../src/catalogue/manifests/read.ts'
import { validateManifest } from '../../../src/catalogue/manifests/validate.ts'
import { imageSizeMbOf, type ManifestView, manifestOf } from '../../../src/catalogue/manifests/write.ts'
import { image, sha1, uuid } from './support.ts'

const plain: ManifestView = { owner: 'zero', acl: [], icon: false, channels: null }
const member = '22222222-2222-4333-8444-555555555555'
const origin = '33333333-2222-4333-8444-555555555555'

/** The text, because the order of keys matters too. */
function written(change: Partial<Image>, view: Partial<ManifestView> = {}): string {
  return JSON.stringify(manifestOf(image(change), { ...plain, ...view }))
}

test('an image of another face', () => {
  assert.equal(
    written({
      tags: ['a'],
      properties: { os_distro: 'debian', os_admin_user: 'root', description: 'Debian' },
      minRam: 512,
    }),
    `{"v":2,"uuid":"${uuid}","owner":"${zeroOwner}","name":"centos-7","version":"1.2","state":"active","disabled":false,` +
      '"public":true,"published_at":"2021-03-01T08:00:00.123Z","type":"other","os":"linux",' +
      `"files":[{"sha1":"${sha1}","size":734003200,"compression":"none"}],"description":"Debian",` +
      '"requirements":{"min_ram":512},"users":[{"name":"root"}],"tags":{"erigones":["a"]}}',
  )
})

test('a zvol with everything', () => {
  const manifest = {
    future: 1,
    uuid: 'x',
    name: 'old',
    version: 'old',
    type: 'zvol',
    os: 'bsd',
    state: 'failed',
    disabled: true,
    public: false,
    published_at: '2001-01-01T00:00:00Z',
    acl: ['x'],
    channels: ['x'],
    error: { message: 'x' },
    icon: true,
    description: 'old',
    homepage: 'https://example.org/',
    eula: null,
    files: [
      { sha1: sha1.toUpperCase(), size: 5, compression: 'gzip', dataset_guid: '1', path: 'x', url: 'y' },
    ],
    requirements: { ssh_key: true, min_ram: 1 },
    users: [{ name: 'root' }, { name: 'admin' }],
    generate_passwords: false,
    inherited_directories: ['/x'],
    origin,
    nic_driver: 'ixgbe',
    cpu_type: 'host',
    image_size: 4096,
    tags: { role: 'db', erigones: ['old'], resize: false, deploy: true },
    billing_tags: ['x'],
    traits: { ssd: true },
  }
  const change: Partial<Image> = {
    manifest,
    tags: ['web'],
    resize: true,
    deploy: false,
    properties: { os_admin_user: 'admin', description: 'new' },
    visibility: 'shared',
    minRam: 256,
  }
  assert.equal(
    written(change, { owner: 'true', acl: [member], icon: true, channels: ['release'] }),
    `{"v":2,"uuid":"${uuid}","owner":"11111111-2222-4333-8444-555555555555","name":"centos-7","version":"1.2",` +
      '"state":"active","disabled":false,"public":false,"published_at":"2021-03-01T08:00:00.123Z","type":"zvol","os":"bsd",' +
      `"files":[{"sha1":"${sha1}","size":734003200,"compression":"gzip","dataset_guid":"1"}],"acl":["${member}"],` +
      '"description":"new","homepage":"https://example.org/","icon":true,"requirements":{"ssh_key":true,"min_ram":256},' +
      `"users":[{"name":"root"},{"name":"admin"}],"generate_passwords":false,"origin":"${origin}",` +
      '"nic_driver":"ixgbe","disk_driver":"virtio","cpu_type":"host","image_size":4096,' +
      '"tags":{"erigones":["web"],"resize":true,"deploy":false,"internal":false,"role":"db"},' +
      '"billing_tags":["x"],"traits":{"ssd":true},"channels":["release"],"future":1}',
  )
  const hidden = manifestOf(image(change), { ...plain, publicMode: true, origin: null })
  for (const key of ['billing_tags', 'traits', 'origin', 'acl', 'icon', 'channels'])
    assert.equal(Object.hasOwn(hidden, key), false, key)
})

describe('states', () => {
  const cases: readonly [Partial<Image>, string, boolean, boolean][] = [
    [{ status: 'active' }, 'active', false, true],
    [{ status: 'active', withdrawn: true }, 'disabled', true, true],
    [{ status: 'deactivated' }, 'disabled', true, true],
    [{ status: 'pending_delete' }, 'disabled', true, true],
    [{ status: 'queued', blobId: null }, 'unactivated', false, false],
    [{ status: 'queued', blobId: null, withdrawn: true }, 'unactivated', true, false],
    [{ status: 'uploading' }, 'unactivated', false, true],
    [{ status: 'uploading', blobId: null }, 'creating', false, false],
    [{ status: 'saving', blobId: null }, 'creating', false, false],
    [{ status: 'importing', blobId: null }, 'creating', false, false],
    [{ status: 'killed', blobId: null }, 'failed', false, false],
  ]
  for (const [change, state, disabled, hasFiles] of cases)
    test(JSON.stringify(change), () => {
      const manifest = manifestOf(image(change), plain)
      assert.deepEqual(
        [manifest.state, manifest.disabled, manifest.files !== undefined],
        [state, disabled, hasFiles],
      )
    })
  test('only a failed image has an error', () => {
    assert.deepEqual(manifestOf(image({ status: 'killed', failure: 'No space.' }), plain).error, {
      message: 'No space.',
    })
    assert.equal(manifestOf(image({ failure: 'Old.' }), plain).error, undefined)
  })
})

describe('single keys', () => {
  const zvol = { type: 'zvol', os: 'linux' }
  const cases: readonly [string, Partial<Image>, Partial<Record<string, unknown>>][] = [
    ['name made to fit', { name: 'Ubuntu 22.04 (ž) 🐧/x' }, { name: 'Ubuntu 22.04 --- -/x' }],
    ['no name', { name: '' }, { name: uuid }],
    ['version made to fit', { version: '1 2~rc+1' }, { version: '1-2-rc+1' }],
    ['no version', { version: null }, { version: '1.0' }],
    ['whole second', { publishedAt: 1_000_000 }, { published_at: '1970-01-01T00:00:01.000Z' }],
    ['never published', { publishedAt: null }, { published_at: undefined }],
    ['no owner', { owner: null }, { owner: zeroOwner }],
    ['no sha1', { digests: { md5: null, sha1: null, sha256: null, sha512: null } }, { files: undefined }],
    ['empty description', { properties: { description: '' } }, { description: undefined }],
    ['description was deleted', { manifest: { description: 'old' } }, { description: undefined }],
    [
      'long description',
      { properties: { description: 'x'.repeat(20_000) } },
      { description: 'x'.repeat(10_240) },
    ],
    ['community is not public', { visibility: 'community' }, { public: false }],
    [
      'zvol defaults',
      { manifest: zvol },
      { nic_driver: 'virtio', disk_driver: 'virtio', cpu_type: 'qemu64', image_size: 10_240 },
    ],
    ['zvol of unknown size', { manifest: zvol, virtualSize: null }, { image_size: 1024 }],
    ['size that was said wins', { manifest: { ...zvol, image_size: 5 }, virtualSize: 1 }, { image_size: 5 }],
    ['size as text', { manifest: { ...zvol, image_size: '5' } }, { image_size: 5 }],
    ['one byte is one MiB', { manifest: zvol, virtualSize: 1 }, { image_size: 1 }],
    [
      'no zvol, no zvol keys',
      { manifest: { type: 'other', image_size: 5, cpu_type: 'x' } },
      { image_size: undefined, cpu_type: undefined },
    ],
    [
      'directories of a zone',
      { manifest: { type: 'zone-dataset', inherited_directories: ['/a'] } },
      { os: 'smartos', inherited_directories: ['/a'] },
    ],
    [
      'file of other bytes',
      { manifest: { files: [{ sha1: '0'.repeat(40), compression: 'gzip' }] } },
      { files: [{ sha1, size: 734003200, compression: 'none' }] },
    ],
    ['tags were emptied', { manifest: { tags: { erigones: ['a'], x: 1 } } }, { tags: { x: 1 } }],
    ['flags nobody changed', { manifest: { tags: { resize: true } } }, { tags: { resize: true } }],
    ['tag of that name', { manifest: { tags: { erigones: 'mine' } } }, { tags: { erigones: 'mine' } }],
    [
      'internal stays',
      { manifest: { tags: { internal: true } }, resize: true },
      { tags: { resize: true, internal: true } },
    ],
    [
      'other login',
      { manifest: { users: [{ name: 'root' }] }, properties: { os_admin_user: 'eva' } },
      { users: [{ name: 'eva' }] },
    ],
  ]
  for (const [name, change, expected] of cases)
    test(name, () => {
      const manifest = manifestOf(image(change), plain)
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(manifest[key], value, key)
    })
})

describe('manifests of wrong types are survived', () => {
  const wrong = [null, 1, 'x', [], {}, [[]], { a: 1 }, true]
  for (const manifest of [
    ...wrong,
    ...wrong.map((value) => Object.fromEntries(manifestKeys.map((key) => [key, value]))),
    ...wrong.map((value) => ({
      type: 'zvol',
      os: 'linux',
      files: [value],
      users: [value],
      tags: { erigones: value },
    })),
    JSON.parse('{"__proto__": {"x": 1}, "constructor": 5, "hasOwnProperty": 5}'),
  ])
    test(JSON.stringify(manifest).slice(0, 60), () => {
      const text = written({ manifest })
      assert.equal(JSON.parse(text).uuid, uuid)
      assert.equal(readForeignManifest(text).file.sha1, sha1)
      assert.ok(!text.includes('__proto__'))
    })
})

describe('what we write can be read', () => {
  const cases: readonly [string, Partial<Image>][] = [
    ['other', {}],
    ['zvol', { manifest: { type: 'zvol', os: 'windows' }, tags: ['a', 'b c'], resize: true, deploy: true }],
    ['zone', { manifest: { type: 'zone-dataset' }, resize: false }],
    ['strange name', { name: '日本', version: '!' }],
  ]
  for (const [name, change] of cases)
    test(name, () => {
      const made = image(change)
      const manifest = manifestOf(made, plain)
      const read = readForeignManifest(JSON.stringify(manifest))
      assert.deepEqual(read.manifest, JSON.parse(JSON.stringify(manifest)))
      assert.deepEqual(
        [read.uuid, read.type, read.os, read.tags, read.file.sha1, read.file.size],
        [uuid, manifest.type, manifest.os, made.tags, sha1, made.size],
      )
      if (made.resize !== null) assert.equal(read.resize, made.resize)
      assert.equal(read.deploy, made.deploy ?? false)
      assert.deepEqual(
        validateManifest(JSON.parse(JSON.stringify(manifest)), { mode: 'import', repository: 'public' })
          .errors,
        [],
      )
    })
})

test('a typical manifest fits into what Danube reads', () => {
  const text = written({
    manifest: {
      type: 'zvol',
      os: 'linux',
      requirements: { networks: [{ name: 'net0', description: 'public' }] },
    },
    properties: { description: 'd'.repeat(512), os_admin_user: 'root' },
    tags: Array.from({ length: 30 }, (_, i) => `tag-${i}`),
    resize: true,
    deploy: true,
  })
  assert.ok(Buffer.byteLength(text) <= 8184, String(Buffer.byteLength(text)))
})

test('equal images give equal text', () => {
  const change = { manifest: { b: 1, a: 2, tags: { z: 1, y: 2 } }, tags: ['x'] }
  assert.equal(written(change), written(structuredClone(change)))
})

test('keys are written in the order of the format', () => {
  const mixed: Manifest = Object.fromEntries([...manifestKeys].reverse().map((key) => [key, 1]))
  assert.deepEqual(Object.keys(ordered({ z: 1, ...mixed, a: 1, gone: undefined })), [
    ...manifestKeys,
    'z',
    'a',
  ])
})

test('size of a disk', () => {
  assert.equal(imageSizeMbOf(image({ virtualSize: 1024 ** 2 + 1 })), 2)
  assert.equal(imageSizeMbOf(image({ virtualSize: null })), null)
  assert.equal(imageSizeMbOf(image({ manifest: { image_size: -1 } })), 10_240)
})
