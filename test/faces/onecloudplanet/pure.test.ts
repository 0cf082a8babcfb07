import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Image } from '../../../src/catalogue/images/image.ts'
import { parseInstant, second } from '../../../src/catalogue/time.ts'
import { Refusal } from '../../../src/faces/onecloudplanet/failures.ts'
import {
  boolean,
  choice,
  form,
  integer,
  orNull,
  properties,
  type Reader,
  size,
  tags,
  text,
} from '../../../src/faces/onecloudplanet/fields.ts'
import { parseFiltering, parseSearch, splitFilters } from '../../../src/faces/onecloudplanet/filtering.ts'
import { formBody } from '../../../src/faces/onecloudplanet/multipart.ts'
import { parseOrdering } from '../../../src/faces/onecloudplanet/ordering.ts'
import { envelope, pageOf } from '../../../src/faces/onecloudplanet/paging.ts'
import { formEncode, parseQuery } from '../../../src/faces/onecloudplanet/query.ts'
import { toCreated, toWire } from '../../../src/faces/onecloudplanet/wire.ts'

describe('filtering is split', () => {
  const cases: [text: string, parts: string[]][] = [
    ['status:active', ['status:active']],
    ['status:active+type:backup', ['status:active', 'type:backup']],
    ['a__b:1+_c9:2', ['a__b:1', '_c9:2']],
    ['created_at__gte:2024-01-01T00:00:00+02:00', ['created_at__gte:2024-01-01T00:00:00+02:00']],
    ['name:c+++name:d', ['name:c++', 'name:d']],
    ['name:a+b', ['name:a+b']],
    ['name:a+b:c', ['name:a', 'b:c']],
    // A blank only before names that are known.
    ['status:active type:backup', ['status:active', 'type:backup']],
    ['status:active type__ne:backup', ['status:active', 'type__ne:backup']],
    ['name:my image', ['name:my image']],
    ['name:my image:x', ['name:my image:x']],
    ['name:a type__bogus:x', ['name:a type__bogus:x']],
    ['name: padded ', ['name: padded ']],
    ['+status:active', ['', 'status:active']],
  ]
  for (const [given, parts] of cases) test(given, () => assert.deepEqual(splitFilters(given), parts))
})

describe('filtering is translated', () => {
  const at = parseInstant('2024-03-20T07:52:50Z')!
  const eq = (field: string, value: string | number) => ({ field, is: 'eq', value })
  const cases: [text: string, filter: unknown][] = [
    ['name:a:b', { ...eq('name', 'a:b'), caseless: true }],
    ['name:abc*', { field: 'name', like: ['abc', ''] }],
    ['name:*abc', { field: 'name', like: ['', 'abc'] }],
    ['name:**abc*', { field: 'name', like: ['', 'abc', ''] }],
    ['name__ne:abc*', { not: { field: 'name', like: ['abc', ''] } }],
    ['os_distro__ne:centos', { not: { ...eq('osDistro', 'centos'), caseless: true } }],
    ['name__contains:a*b', { field: 'name', like: ['', 'a*b', ''] }],
    ['name__icontains:x', { field: 'name', like: ['', 'x', ''] }],
    ['name__startswith:x', { field: 'name', like: ['x', ''] }],
    ['name__endswith:x', { field: 'name', like: ['', 'x'] }],
    ['disk_format__in:raw,qcow2', { field: 'diskFormat', in: ['raw', 'qcow2'], caseless: true }],
    ['os_version__isnull:true', { field: 'osVersion', missing: true }],
    ['os_version__isnull:no', { not: { field: 'osVersion', missing: true } }],
    ['status:ACTIVE', eq('status', 'active')],
    ['status:saving', { field: 'status', in: ['saving', 'uploading', 'importing'] }],
    ['status:bogus', { any: [] }],
    ['status:act*', { any: [] }],
    ['status__in:active,bogus', { any: [eq('status', 'active'), { any: [] }] }],
    ['min_disk__gte:10', { field: 'minDisk', is: 'gte', value: 10 }],
    ['min_ram__lt:-1', { field: 'minRam', is: 'lt', value: -1 }],
    ['size__lte:99999999999999999999', { field: 'size', is: 'lte', value: Number.MAX_SAFE_INTEGER }],
    ['protected:True', eq('protected', 1)],
    ['protected:0', eq('protected', 0)],
    ['is_iso:yes', eq('diskFormat', 'iso')],
    ['is_iso:false', { not: eq('diskFormat', 'iso') }],
    ['client:7', eq('ownerId', 7)],
    [
      'client__id__gt:7',
      {
        all: [
          { field: 'ownerId', is: 'gt', value: 7 },
          { field: 'ownerId', is: 'ne', value: 1 },
        ],
      },
    ],
    ['client:1', { any: [] }],
    ['client__isnull:1', { any: [{ field: 'ownerId', missing: true }, eq('ownerId', 1)] }],
    ['tags:x', { tag: 'x', caseless: true }],
    ['tags__contains:x', { tag: 'x', caseless: true }],
    // What is shown are whole seconds, what is kept are microseconds.
    [
      'created_at:2024-03-20T07:52:50Z',
      {
        all: [
          { field: 'createdAt', is: 'gte', value: at },
          { field: 'createdAt', is: 'lt', value: at + second },
        ],
      },
    ],
    ['created_at__lte:2024-03-20T07:52:50', { field: 'createdAt', is: 'lt', value: at + second }],
    ['created_at__gt:2024-03-20T09:52:50+02:00', { field: 'createdAt', is: 'gte', value: at + second }],
    ['created_at__lt:2024-03-20T07:52:50Z', { field: 'createdAt', is: 'lt', value: at }],
    ['created_at__gte:2024-03-20T07:52:49.5Z', { field: 'createdAt', is: 'gte', value: at }],
    ['cleanup_date__gte:2024-03-20', { field: 'cleanupAt', is: 'gte', value: parseInstant('2024-03-20')! }],
  ]
  for (const [given, filter] of cases)
    test(given, () => assert.deepEqual(parseFiltering(given).filters, [filter]))

  test('absent and empty mean no filter', () => {
    assert.deepEqual(parseFiltering(undefined).filters, [])
    assert.deepEqual(parseFiltering('').filters, [])
  })

  test('visibilities that are named outright are told apart, as is the status deleted', () => {
    assert.deepEqual([...parseFiltering('visibility:Public').visibilities], ['public'])
    assert.deepEqual(
      [...parseFiltering('visibility__in:shared,community').visibilities],
      ['shared', 'community'],
    )
    assert.deepEqual([...parseFiltering('visibility__ne:public').visibilities], [])
    assert.equal(parseFiltering('status:deleted').deleted, true)
    assert.equal(parseFiltering('status__in:active,deleted').deleted, true)
    assert.equal(parseFiltering('status__ne:deleted').deleted, false)
  })
})

describe('filtering that cannot be read', () => {
  const cases: [text: string, part: string][] = [
    ['active', 'active'],
    [':active', ':active'],
    ['__ne:x', '__ne:x'],
    ['bogus:1', 'bogus:1'],
    ['status:active+bogus:1', 'bogus:1'],
    ['name__bogus:1', 'name__bogus:1'],
    ['Name:x', 'Name:x'],
    ['constructor:x', 'constructor:x'],
    ['name__gte:x', 'name__gte:x'],
    ['status__gte:active', 'status__gte:active'],
    ['min_disk__contains:1', 'min_disk__contains:1'],
    ['protected__gt:1', 'protected__gt:1'],
    ['tags__gte:1', 'tags__gte:1'],
    ['min_disk:abc', 'min_disk:abc'],
    ['min_disk:', 'min_disk:'],
    ['min_disk:1.5', 'min_disk:1.5'],
    ['min_disk__in:1,x', 'min_disk__in:1,x'],
    ['protected:maybe', 'protected:maybe'],
    ['protected:TRUE', 'protected:TRUE'],
    ['created_at__gte:soon', 'created_at__gte:soon'],
    ['created_at:2024-02-31', 'created_at:2024-02-31'],
    ['name__isnull:perhaps', 'name__isnull:perhaps'],
    ['name:a\0b', 'name:a\0b'],
    ['+status:active', ''],
    [Array(51).fill('id:x').join('+'), 'id:x'],
    [`client__in:${[...Array(201).keys()].join()}`, `client__in:${[...Array(201).keys()].join()}`],
  ]
  for (const [given, part] of cases)
    test(JSON.stringify(given).slice(0, 60), () => {
      assert.throws(
        () => parseFiltering(given),
        (error) =>
          error instanceof Refusal &&
          error.status === 400 &&
          'detail' in error.body &&
          error.body.detail === `Invalid filter: ${part}`,
      )
    })
})

describe('search', () => {
  const cases: [text: string | undefined, terms: string[]][] = [
    [undefined, []],
    ['  , ', []],
    ['centos 7,web', ['centos', '7', 'web']],
    ['"my image" x', ['my image', 'x']],
    ["'a, b'", ['a, b']],
    ['it\'s "open', ["it's", '"open']],
    ['a a', ['a']],
    ['a\0b', ['ab']],
  ]
  for (const [given, terms] of cases)
    test(JSON.stringify(given) ?? 'absent', () =>
      assert.deepEqual(
        parseSearch(given),
        terms.map((term) => ({ text: term })),
      ),
    )
})

describe('ordering', () => {
  const id = { field: 'uuid' }
  const newest = [{ field: 'createdAt', descending: true }, id]
  const by = (field: string, descending = false) => ({ field, descending, caseless: true })
  const cases: [text: string | undefined, order: unknown][] = [
    [undefined, newest],
    ['', newest],
    ['bogus,-tags', newest],
    ['client', newest],
    ['name', [by('name'), id]],
    [' -name , size ', [by('name', true), by('size'), id]],
    ['status', [by('stage'), id]],
    ['display_name', [by('label'), id]],
    ['-id,name', [by('uuid', true), by('name')]],
    ['name,-name', [by('name'), id]],
  ]
  for (const [given, order] of cases) test(String(given), () => assert.deepEqual(parseOrdering(given), order))

  test('every name of the contract can be ordered by', () => {
    const names =
      'name,display_name,id,type,status,size,created_at,updated_at,deleted_at,cleanup_date,os_distro,os_version,hypervisor_type,architecture,min_disk,min_ram,protected,visibility,container_format,disk_format,region'
    for (const name of names.split(',')) assert.notDeepEqual(parseOrdering(name), newest, name)
  })
})

describe('paging', () => {
  const page = (query: string, count: number) => pageOf(parseQuery(`/x?${query}`), count)
  const cases: [query: string, count: number, number: number, size: number][] = [
    ['', 50, 1, 20],
    ['page=', 50, 1, 20],
    ['page=3', 50, 3, 20],
    ['page=last', 50, 3, 20],
    ['page=last', 0, 1, 20],
    ['page=1', 0, 1, 20],
    ['page_size=7', 50, 1, 7],
    ['page_size=501', 5000, 1, 500],
    ['page_size=99999999999999999999', 5000, 1, 500],
    ['page_size=0', 50, 1, 20],
    ['page_size=-3', 50, 1, 20],
    ['page_size=many', 50, 1, 20],
    ['page=1&page=2', 50, 2, 20],
  ]
  for (const [query, count, number, size] of cases)
    test(`${query} of ${count}`, () => {
      assert.deepEqual(page(query, count), { number, size, offset: (number - 1) * size, count })
    })

  for (const query of [
    'page=0',
    'page=-1',
    'page=x',
    'page=4',
    'page=1.0',
    'page=99999999999999999999999',
    'page=LAST',
  ])
    test(`no such page: ${query}`, () => {
      assert.throws(
        () => page(query, 50),
        (error) =>
          error instanceof Refusal &&
          error.status === 404 &&
          JSON.stringify(error.body) === '{"detail":"Invalid page."}',
      )
    })

  test('links are form-encoded as Python does, sorted by name, without page for the first', () => {
    const query = parseQuery('/x?page_size=1&page=2&filtering=status:active%2Btype:backup')
    const { next, previous } = envelope('http://h/x', query, pageOf(query, 3), [])
    assert.equal(previous, 'http://h/x?filtering=status%3Aactive%2Btype%3Abackup&page_size=1')
    assert.equal(next, 'http://h/x?filtering=status%3Aactive%2Btype%3Abackup&page=3&page_size=1')
  })

  test('a link without parameters has no question mark; empty and repeated ones are kept', () => {
    const plain = parseQuery('/x?page=2')
    assert.equal(envelope('http://h/x', plain, pageOf(plain, 40), []).previous, 'http://h/x')
    const odd = parseQuery('/x?b=2&page=2&a&b=1')
    assert.equal(envelope('http://h/x', odd, pageOf(odd, 40), []).previous, 'http://h/x?a=&b=2&b=1')
  })

  test('form-encoding', () => {
    assert.equal(
      formEncode("aZ9_.-~ *!'(),:+/&=ä😀"),
      'aZ9_.-~+%2A%21%27%28%29%2C%3A%2B%2F%26%3D%C3%A4%F0%9F%98%80',
    )
  })
})

describe('fields in the words of the framework', () => {
  const name = text({ longest: 5 })
  const cases: [reader: Reader<unknown>, value: unknown, result: unknown][] = [
    [name, 'abc', 'abc'],
    [name, 12, '12'],
    [name, '😀😀😀😀😀', '😀😀😀😀😀'],
    [name, null, ['This field may not be null.']],
    [name, '  ', ['This field may not be blank.']],
    [name, true, ['Not a valid string.']],
    [name, ['a'], ['Not a valid string.']],
    [name, 'abcdef', ['Ensure this field has no more than 5 characters.']],
    [name, 'a\0', ['Null characters are not allowed.']],
    [orNull(name), '', null],
    [orNull(name), null, null],
    [size, 7, 7],
    [size, '7', 7],
    [size, 7.0, 7],
    [size, '7.0', 7],
    [size, 7.5, ['A valid integer is required.']],
    [size, 'x', ['A valid integer is required.']],
    [size, true, ['A valid integer is required.']],
    [size, [], ['A valid integer is required.']],
    [size, null, ['This field may not be null.']],
    [size, -1, ['Ensure this value is greater than or equal to 0.']],
    [size, 2147483648, ['Ensure this value is less than or equal to 2147483647.']],
    [integer, -4, -4],
    [boolean, true, true],
    [boolean, 'false', false],
    [boolean, 0, false],
    [boolean, 'maybe', ['Must be a valid boolean.']],
    [boolean, {}, ['Must be a valid boolean.']],
    [boolean, null, ['This field may not be null.']],
    [choice(['a']), 'a', 'a'],
    [choice(['a']), 'x', ['"x" is not a valid choice.']],
    [choice(['a']), '', ['"" is not a valid choice.']],
    [choice(['a']), null, ['This field may not be null.']],
    [tags, ['b', 'a'], ['b', 'a']],
    [tags, 'a', ['Expected a list of items but got type "str".']],
    [tags, {}, ['Expected a list of items but got type "dict".']],
    [tags, 1, ['Expected a list of items but got type "int".']],
    [tags, 1.5, ['Expected a list of items but got type "float".']],
    [tags, true, ['Expected a list of items but got type "bool".']],
    [tags, [['a']], ['Not a valid string.']],
    [tags, [''], ['This field may not be blank.']],
    [properties, { a: 'b', c: '' }, { a: 'b', c: '' }],
    [properties, [], ['Expected a dictionary of items but got type "list".']],
    [properties, 'x', ['Expected a dictionary of items but got type "str".']],
    [properties, { a: true }, ['Not a valid string.']],
    [properties, JSON.parse('{"__proto__":"x"}'), JSON.parse('{"__proto__":"x"}')],
  ]
  for (const [reader, value, result] of cases)
    test(`${JSON.stringify(value)} → ${JSON.stringify(result)}`, () => {
      const fields = form({ f: value })
      const read = fields.optional('f', reader)
      const isMessage = Array.isArray(result) && typeof result[0] === 'string' && result[0].endsWith('.')
      assert.deepEqual(isMessage ? fields.errors.f : read, result)
      if (!isMessage) assert.deepEqual(fields.errors, {})
    })

  test('all bad fields at once, inherited names are absent', () => {
    const fields = form({ a: null })
    fields.required('a', name)
    fields.required('b', name)
    fields.required('toString', name)
    assert.deepEqual(fields.errors, {
      a: ['This field may not be null.'],
      b: ['This field is required.'],
      toString: ['This field is required.'],
    })
  })

  test('a multipart form stands for the JSON body', () => {
    const fields = new Map([
      ['name', ['null']],
      ['architecture', ['null']],
      ['os_distro', ['']],
      ['os_version', ['7']],
      ['min_disk', ['']],
      ['min_ram', ['5']],
      ['tags', ['a', 'b']],
      ['properties', ['{"a":"b"}']],
      ['protected', ['true']],
    ])
    assert.deepEqual(formBody(fields), {
      name: 'null',
      architecture: null,
      os_distro: null,
      os_version: '7',
      min_ram: '5',
      tags: ['a', 'b'],
      properties: { a: 'b' },
      protected: 'true',
    })
    assert.deepEqual(formBody(new Map([['tags', ['["x","y"]']]])), { tags: ['x', 'y'] })
    assert.deepEqual(formBody(new Map([['tags', ['x']]])), { tags: ['x'] })
    assert.deepEqual(formBody(new Map([['tags', ['']]])), { tags: [] })
    assert.deepEqual(formBody(new Map([['properties', ['{broken']]])), { properties: '{broken' })
  })
})

describe('the image on the wire', () => {
  const image: Image = {
    seq: 1,
    uuid: '4747270d-61c9-4bb6-9b01-f6dd915f0560',
    handle: 'u',
    name: '',
    status: 'importing',
    external: false,
    visibility: 'public',
    ownerId: 1,
    creatorId: null,
    locationId: 1,
    diskFormat: 'iso',
    containerFormat: null,
    size: null,
    virtualSize: null,
    digests: { md5: null, sha1: null, sha256: null, sha512: 'ab' },
    blobId: null,
    minDisk: 0,
    minRam: 0,
    protected: false,
    hidden: true,
    tags: ['a', 'b'],
    properties: { z: '1', hypervisor_type: '', architecture: 'x86_64', os_glance_x: 'internal', a: '2' },
    version: null,
    resize: null,
    deploy: null,
    bound: true,
    attached: true,
    withdrawn: false,
    manifest: null,
    unregistered: false,
    failure: null,
    import: null,
    createdAt: 1_710_921_170_999_999,
    updatedAt: 1_710_921_170_999_999,
    deletedAt: null,
    publishedAt: null,
    cleanupAt: null,
    owner: { id: 1, name: 'main', label: 'Main', uuid: '', openstackId: '' },
    region: 'r',
    type: 'template',
    instanceUuid: null,
    volumeSnapshotUuid: null,
    guestAgent: false,
    instance: null,
  }

  test('a template of the provider', () => {
    const wire = toWire(image)
    assert.equal(Object.keys(wire).length, 32)
    assert.equal(wire.client, null)
    assert.equal(wire.display_name, image.uuid)
    assert.equal(wire.name, '')
    assert.equal(wire.status, 'saving')
    assert.equal(wire.is_iso, true)
    assert.equal(wire.hypervisor_type, null)
    assert.equal(wire.created_at, '2024-03-20T07:52:50Z')
    assert.equal(
      JSON.stringify(wire.properties),
      '{"z":"1","a":"2","os_hidden":true,"os_hash_algo":"sha512","os_hash_value":"ab"}',
    )
  })

  test('an image of a client shows neither the store facts nor the client by another name', () => {
    const owner = { id: 7, name: 'acme', label: 'Acme Ltd', uuid: '', openstackId: '' }
    const wire = toWire({ ...image, ownerId: 7, owner })
    assert.deepEqual(wire.client, { id: 7, name: 'Acme Ltd', display: 'Acme Ltd #7' })
    assert.equal(JSON.stringify(wire.properties), '{"z":"1","a":"2"}')
    const plain = toWire({ ...image, ownerId: 7, owner: { ...owner, label: '' } })
    assert.deepEqual(plain.client, { id: 7, name: 'acme', display: 'acme #7' })
    assert.equal(toWire({ ...image, ownerId: null, owner: null }).client, null)
  })

  test('the echo of a creation has its own keys and an empty hypervisor', () => {
    const echo = toCreated({ ...image, properties: {} }, 'file')
    assert.equal(
      Object.keys(echo).join(),
      'name,min_disk,min_ram,region,container_format,disk_format,visibility,protected,architecture,os_distro,os_version,source,hypervisor_type,tags,id',
    )
    assert.equal(echo.hypervisor_type, '')
    assert.equal(echo.architecture, null)
  })
})
