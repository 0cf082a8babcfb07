import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Manifest } from '../../../src/catalogue/manifests/manifest.ts'
import { type ManifestRules, validateManifest } from '../../../src/catalogue/manifests/validate.ts'
import { sha1, uuid } from './support.ts'

const least = { name: 'base', version: '1.0', type: 'other', os: 'linux' } as const
const zvolFacts = { nic_driver: 'virtio', disk_driver: 'virtio', cpu_type: 'qemu64', image_size: 1024 }
const zvol = { ...least, type: 'zvol', ...zvolFacts } as const
const file = { sha1, size: 1, compression: 'gzip' }
const create: ManifestRules = { mode: 'create', repository: 'dc' }
const imported: ManifestRules = { mode: 'import', repository: 'dc' }
const update = (current: Manifest = least, operator = false): ManifestRules => ({
  mode: 'update',
  repository: 'dc',
  current,
  operator,
})

/** `field code` of every error. */
function complaints(input: unknown, rules: ManifestRules = create): string[] {
  return validateManifest(input, rules).errors.map(({ field, code }) => `${field} ${code}`)
}

describe('what a field may be', () => {
  const bytes = (count: number) => 'x'.repeat(count)
  const cases: Readonly<Record<string, readonly [good: readonly unknown[], bad: readonly unknown[]]>> = {
    v: [[2], [1, 3, '2']],
    uuid: [[uuid], [uuid.toUpperCase(), 'x', 5, `${uuid}\n`]],
    owner: [[uuid], [uuid.toUpperCase(), '', {}]],
    origin: [[uuid], ['x', []]],
    name: [
      ['a/b c.d_e-1', bytes(1024)],
      ['', 'a(b)', 'ž', 'a\n', bytes(1025), 5, {}],
    ],
    version: [
      ['1.0+a/b_c-d', bytes(512)],
      ['', '1 2', bytes(513), 1],
    ],
    description: [
      ['', 'ž\n', bytes(10_240)],
      [bytes(10_241), 5, 'a\0'],
    ],
    homepage: [
      ['http://a/', 'HTTPS://example.org/x?y'],
      ['ftp://a/', 'javascript:1', 'https://', 'https://a b/', `https://a/${bytes(1020)}`, 5],
    ],
    eula: [['https://a/'], ['a', true]],
    state: [
      ['active', 'failed'],
      ['on', true],
    ],
    disabled: [
      [true, false],
      ['true', 1],
    ],
    public: [
      [true, false],
      ['true', 0],
    ],
    published_at: [
      ['2021-03-01T08:00:00Z', '2021-03-01T08:00:00.000Z'],
      [
        '2021-03-01',
        '2021-03-01T08:00:00.00Z',
        '2021-03-01T08:00:00.123456Z',
        '2021-03-01T08:00:00+00:00',
        '2021-02-31T08:00:00Z',
        '2021-03-01T25:00:00Z',
        5,
      ],
    ],
    os: [
      ['smartos', 'linux', 'windows', 'bsd', 'illumos', 'other'],
      ['Linux', '', 1],
    ],
    icon: [[true], ['yes']],
    acl: [
      [[], [uuid]],
      [[uuid.toUpperCase()], uuid, [1], {}],
    ],
    users: [
      [[{ name: 'root' }], [], [{ name: 'a', extra: 1 }]],
      [[{}], ['root'], [{ name: '' }], { name: 'x' }],
    ],
    generate_passwords: [[true, false], ['false']],
    tags: [
      [{}, { a: 'x', b: 1, c: true }, { erigones: ['a'] }],
      [[], 'x', { a: [] }, { a: null }, { a: {} }, { erigones: [1] }, { a: bytes(100 * 1024) }],
    ],
    billing_tags: [
      [[], [bytes(128)]],
      [[bytes(129)], [1], 'a', {}],
    ],
    traits: [
      [{}, { a: 'x', b: true, c: ['y'] }],
      [{ a: 1 }, { a: [1] }, [], 'x', { a: {} }],
    ],
    channels: [
      [['release'], []],
      [[''], 'release', [1]],
    ],
    urn: [['a:b'], [5]],
    error: [[{ message: 'x', code: 'y' }], ['x', {}]],
  }
  for (const [field, [good, bad]] of Object.entries(cases)) {
    test(`${field} good`, () => {
      for (const value of good)
        assert.deepEqual(complaints({ ...least, [field]: value }), [], JSON.stringify(value).slice(0, 60))
    })
    test(`${field} bad`, () => {
      for (const value of bad)
        assert.deepEqual(
          complaints({ ...least, [field]: value }),
          [`${field} Invalid`],
          JSON.stringify(value).slice(0, 60),
        )
    })
  }
  test('every type', () => {
    for (const type of ['zone-dataset', 'lx-dataset', 'docker', 'lxd', 'other'])
      assert.deepEqual(complaints({ ...least, type }), [])
    assert.deepEqual(complaints({ ...least, type: 'vmdk' }), ['type Invalid'])
  })
})

describe('files', () => {
  const cases: readonly [string, object, readonly string[]][] = [
    ['one', { files: [file] }, []],
    ['none', { files: [] }, []],
    ['two', { files: [file, file] }, ['files Invalid']],
    ['two of lxd', { type: 'lxd', files: [file, file] }, []],
    ['three of lxd', { type: 'lxd', files: [file, file, file] }, ['files Invalid']],
    [
      'known extras',
      { files: [{ ...file, dataset_guid: '1', uncompressedDigest: 'sha256:1', stor: 'local' }] },
      [],
    ],
    ['no array', { files: file }, ['files Invalid']],
    ['null', { files: [null] }, ['files[0] Invalid']],
    ['upper-case sha1', { files: [{ ...file, sha1: sha1.toUpperCase() }] }, ['files[0] Invalid']],
    ['size as text', { files: [{ ...file, size: '1' }] }, ['files[0] Invalid']],
    ['20 GiB', { files: [{ ...file, size: 20 * 1024 ** 3 }] }, []],
    ['more than 20 GiB', { files: [{ ...file, size: 20 * 1024 ** 3 + 1 }] }, ['files[0] Invalid']],
    ['unknown compression', { files: [{ ...file, compression: 'zstd' }] }, ['files[0] Invalid']],
    ['guid a number', { files: [{ ...file, dataset_guid: 1 }] }, ['files[0] Invalid']],
  ]
  for (const [name, change, expected] of cases)
    test(name, () => assert.deepEqual(complaints({ ...least, uuid, ...change }, imported), expected))
})

describe('requirements', () => {
  const cases: readonly [unknown, readonly string[]][] = [
    [{}, []],
    [{ networks: [{ name: 'net0', description: 'public' }], brand: 'kvm', ssh_key: true }, []],
    [{ min_ram: 256, max_ram: 256, min_platform: { '7.0': '20200101T000000Z' } }, []],
    [{ brand: 'bhyve', bootrom: 'uefi' }, []],
    ['x', ['requirements Invalid']],
    [[], ['requirements Invalid']],
    [{ disk: 1 }, ['requirements Invalid']],
    [{ networks: ['net0'] }, ['requirements.networks Invalid']],
    [{ brand: '' }, ['requirements.brand Invalid']],
    [{ ssh_key: 'true' }, ['requirements.ssh_key Invalid']],
    [{ min_ram: '256' }, ['requirements.min_ram Invalid']],
    [{ min_ram: -1, max_ram: 0.5 }, ['requirements.min_ram Invalid', 'requirements.max_ram Invalid']],
    [{ min_ram: 257, max_ram: 256 }, ['requirements.max_ram Invalid']],
    [{ min_platform: '20200101T000000Z' }, ['requirements.min_platform Invalid']],
    [{ max_platform: { '7.0': '2020-01-01' } }, ['requirements.max_platform Invalid']],
    [{ max_platform: { seven: '20200101T000000Z' } }, ['requirements.max_platform Invalid']],
    [{ bootrom: 'uefi' }, ['requirements.bootrom Invalid']],
    [{ bootrom: 'uefi', brand: 'kvm' }, ['requirements.bootrom Invalid']],
    [{ bootrom: 'coreboot', brand: 'bhyve' }, ['requirements.bootrom Invalid']],
  ]
  for (const [requirements, expected] of cases)
    test(JSON.stringify(requirements), () =>
      assert.deepEqual(complaints({ ...least, requirements }), expected),
    )
})

describe('what belongs to a type', () => {
  test('a zvol with its four fields', () => assert.deepEqual(complaints(zvol), []))
  test('a zvol without them', () =>
    assert.deepEqual(
      complaints({ ...least, type: 'zvol' }),
      ['nic_driver', 'disk_driver', 'cpu_type', 'image_size'].map((field) => `${field} MissingParameter`),
    ))
  test('the four on another type', () =>
    assert.deepEqual(
      complaints({ ...least, ...zvolFacts }),
      ['nic_driver', 'disk_driver', 'cpu_type', 'image_size'].map((field) => `${field} NotAllowed`),
    ))
  for (const image_size of [0, -1, 1.5, '1024', 2 ** 31])
    test(`image_size ${JSON.stringify(image_size)}`, () =>
      assert.deepEqual(complaints({ ...zvol, image_size }), ['image_size Invalid']))
  test('directories only in a zone', () => {
    const inherited_directories = ['/opt']
    assert.deepEqual(complaints({ ...least, inherited_directories }), ['inherited_directories NotAllowed'])
    assert.deepEqual(complaints({ ...least, type: 'zone-dataset', inherited_directories }), [])
    assert.deepEqual(complaints({ ...least, type: 'zone-dataset', inherited_directories: ['opt'] }), [
      'inherited_directories Invalid',
    ])
  })
})

test('complaints come in the order of the table', () => {
  assert.deepEqual(
    complaints({
      bad: 1,
      channels: 1,
      tags: 1,
      homepage: 1,
      description: 1,
      os: 1,
      owner: 1,
      constructor: 1,
    }),
    [
      'owner Invalid',
      'name MissingParameter',
      'version MissingParameter',
      'description Invalid',
      'homepage Invalid',
      'type MissingParameter',
      'os Invalid',
      'tags Invalid',
      'channels Invalid',
      'bad Invalid',
      'constructor Invalid',
    ],
  )
})

test('what the server sets is passed over on creation, and kept as far as an import may', () => {
  const sent = {
    ...least,
    v: 2,
    uuid,
    state: 'active',
    disabled: false,
    published_at: '2021-03-01T08:00:00Z',
    files: [file],
    icon: true,
    urn: 'a',
  }
  assert.deepEqual(validateManifest(sent, create), {
    manifest: { v: 2, ...least, disabled: false },
    changed: ['name', 'version', 'type', 'os', 'disabled'],
    errors: [],
  })
  const found = validateManifest(sent, imported)
  assert.equal(
    JSON.stringify(found.manifest),
    JSON.stringify({
      v: 2,
      uuid,
      name: 'base',
      version: '1.0',
      disabled: false,
      published_at: '2021-03-01T08:00:00Z',
      type: 'other',
      os: 'linux',
      files: [file],
    }),
  )
})

test('an import needs its uuid', () => {
  assert.deepEqual(complaints(least, imported), ['uuid MissingParameter'])
})

test('an owner where owners matter', () => {
  assert.deepEqual(complaints(least, { ...create, ownerRequired: true }), ['owner MissingParameter'])
  assert.deepEqual(complaints({ ...least, owner: uuid }, { ...create, ownerRequired: true }), [])
})

test('null is absent', () => {
  const found = validateManifest({ ...least, description: null, owner: null, nic_driver: null }, create)
  assert.deepEqual(found.errors, [])
  assert.deepEqual(found.manifest, { v: 2, ...least })
  assert.deepEqual(complaints({ ...least, name: null }), ['name MissingParameter'])
})

test('public and private repositories', () => {
  const rules = (repository: 'public' | 'private' | 'dc'): ManifestRules => ({ mode: 'create', repository })
  const table = (['public', 'private', 'dc'] as const).map((repository) =>
    [true, false].map((isPublic) => complaints({ ...least, public: isPublic }, rules(repository)).length),
  )
  assert.deepEqual(table, [
    [0, 1],
    [1, 0],
    [0, 0],
  ])
})

test('the first version is upgraded on import only', () => {
  const first = {
    ...least,
    v: 1,
    uuid,
    creator_uuid: uuid,
    cloud_name: 'sdc',
    files: [{ sha1, size: 1, path: 'a.gz', url: 'x' }],
  }
  assert.deepEqual(validateManifest(first, imported), {
    manifest: { v: 2, uuid, owner: uuid, ...least, files: [file] },
    changed: ['name', 'version', 'type', 'os', 'uuid', 'files', 'owner'],
    errors: [],
  })
  assert.deepEqual(complaints({ ...first, files: undefined }).slice(0, 1), ['v Invalid'])
})

describe('update', () => {
  test('changes, deletions and what stays', () => {
    const current: Manifest = { ...zvol, v: 2, uuid, description: 'old', homepage: 'https://a/' }
    assert.deepEqual(validateManifest({ image_size: 5, description: null }, update(current)), {
      manifest: { v: 2, uuid, ...zvol, image_size: 5, homepage: 'https://a/' },
      changed: ['image_size', 'description'],
      errors: [],
    })
  })
  const cases: readonly [string, object, Manifest, readonly string[]][] = [
    ['nothing', {}, least, ['manifest MissingParameter']],
    ['type', { type: 'zvol' }, least, ['type NotAllowed']],
    [
      'life cycle',
      { state: 'active', files: [], uuid, error: {}, origin: uuid },
      least,
      ['uuid NotAllowed', 'origin NotAllowed', 'state NotAllowed', 'files NotAllowed', 'error NotAllowed'],
    ],
    [
      'set by server',
      { v: 2, disabled: true, published_at: 'x', icon: true },
      least,
      ['v NotAllowed', 'disabled NotAllowed', 'published_at NotAllowed', 'icon NotAllowed'],
    ],
    ['unknown', { colour: null }, least, ['colour Invalid']],
    ['required deleted', { name: null, os: null }, least, ['name MissingParameter', 'os MissingParameter']],
    ['zvol field deleted', { cpu_type: null }, zvol, ['cpu_type MissingParameter']],
    ['zvol field of another type', { cpu_type: 'host' }, least, ['cpu_type NotAllowed']],
    ['zvol field of another type deleted', { cpu_type: null }, least, []],
    ['directories of a zone', { inherited_directories: ['/a'] }, { ...least, type: 'zone-dataset' }, []],
    ['wrong value', { name: 'a(b)' }, least, ['name Invalid']],
    ['odd values elsewhere do not matter', { name: 'new' }, { ...least, homepage: 'x' }, []],
  ]
  for (const [name, change, current, expected] of cases)
    test(name, () => assert.deepEqual(complaints(change, update(current)), expected))
  test('an operator may repair', () => {
    const change = { state: 'failed', error: { message: 'x' }, files: [file], origin: uuid, uuid }
    assert.deepEqual(complaints(change, update(least, true)), [])
    assert.deepEqual(complaints({ ...change, type: 'zvol' }, update(least, true)), ['type NotAllowed'])
  })
})

describe('hostile input', () => {
  const deep = JSON.parse(`{"tags":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`)
  for (const [name, input] of [
    ['null', null],
    ['array', []],
    ['text', 'x'],
    ['number', 5],
    ['nothing', undefined],
    ['deep', deep],
  ] as const)
    for (const rules of [create, imported, update()])
      test(`${name} on ${rules.mode}`, () => assert.deepEqual(complaints(input, rules), ['manifest Invalid']))
  test('special names', () => {
    const input = JSON.parse('{"__proto__":{"name":"x"},"constructor":1,"toString":1}')
    assert.deepEqual(complaints(input, update()), [
      '__proto__ Invalid',
      'constructor Invalid',
      'toString Invalid',
    ])
    assert.deepEqual(
      complaints(JSON.parse('{"__proto__":{"name":"a","version":"1","type":"other","os":"linux"}}')).length,
      5,
    )
  })
  test('many unknown fields give few complaints', () => {
    const input = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`f${i}`, i]))
    assert.equal(complaints({ ...least, ...input }).length, 100)
  })
  test('huge arrays', () => {
    const many = Array(200_000).fill('x')
    assert.deepEqual(complaints({ ...least, acl: many, files: many, users: many }), [
      'files Invalid',
      'acl Invalid',
      'users Invalid',
    ])
  })
})
