import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { isFailure } from '../../src/catalogue/failure.ts'
import { openStores } from '../../src/store/open-stores.ts'
import { parseStores } from '../../src/store/store-url.ts'

describe('IMAGEPORT_STORE_URL', () => {
  it('names directories', () => {
    const file = (directory: string) => ({ type: 'file', name: 'default', directory, readOnly: false })
    const cases = {
      'file:': '/data/blobs',
      'file:images': '/data/images',
      'file:images/more': '/data/images/more',
      'file:/srv/images/': '/srv/images',
      'file:///srv/images': '/srv/images',
      'file:with%20space%2Ccomma': '/data/with space,comma',
    }
    for (const [url, directory] of Object.entries(cases)) {
      assert.deepEqual(parseStores(url, '/data'), [file(directory)], url)
    }
  })

  it('names buckets', () => {
    const query =
      'endpoint=http://127.0.0.1:9000&region=here&accessKey=a:b&secretKey=s%2Be%26c&pathStyle=true'
    assert.deepEqual(parseStores(`s3://images/some/prefix?${query}`, '/data'), [
      {
        type: 's3',
        name: 'default',
        bucket: 'images',
        prefix: 'some/prefix/',
        endpoint: 'http://127.0.0.1:9000',
        region: 'here',
        credentials: { accessKeyId: 'a:b', secretAccessKey: 's+e&c' },
        pathStyle: true,
        readOnly: false,
      },
    ])
    for (const url of ['s3://images', 's3://images/', 's3://images//']) {
      const [plan] = parseStores(url, '/data')
      assert.ok(plan?.type === 's3' && plan.prefix === '' && plan.credentials === undefined, url)
    }
  })

  it('names several, the first being the default', () => {
    const plans = parseStores(
      'fast=file:, bulk=s3://images?region=x,old=file:/mnt/old?readOnly=true',
      '/data',
    )
    assert.deepEqual(
      plans.map(({ name, type, readOnly }) => [name, type, readOnly]),
      [
        ['fast', 'file', false],
        ['bulk', 's3', false],
        ['old', 'file', true],
      ],
    )
  })

  it('is refused with the part that is wrong, and without repeating secrets', () => {
    const cases: Record<string, RegExp> = {
      '': /not a URL/,
      '/srv/images': /not a URL/,
      'ftp://x/y': /kind ftp/,
      'file://host/path': /no host/,
      'file:../up': /out of the data directory/,
      'file:a/../../up': /out of the data directory/,
      'file:%zz': /%-sequence/,
      'file:a%00b': /path is not valid/,
      'file:x?colour=red': /no parameter colour/,
      'file:x?region=here': /no parameter region for file/,
      'file:x?readOnly=yes': /readOnly is either/,
      'file:x?readOnly=true': /first store/,
      's3:': /bucket/,
      's3://': /bucket/,
      's3://b': /bucket/,
      's3://images?endpoint=ftp://x': /endpoint/,
      's3://images?endpoint=nonsense': /endpoint/,
      's3://images?secretKey=hushhush': /belong together/,
      's3://images?secretKey=hushhush&accessKey=a&pathStyle=1': /pathStyle/,
      's3://images?region=': /region/,
      'file:a,file:b': /entry 1 has no name/,
      'a=file:a,file:b': /entry 2 has no name/,
      'a=file:a,': /entry 2 has no name/,
      '=file:a': /name of entry 1/,
      'b d=file:a': /name of entry 1/,
      'a=file:a,a=file:b': /two stores/,
      'a=file:,b=file:/data/blobs': /same place/,
      'a=s3://images,b=s3://images/': /same place/,
    }
    for (const [url, words] of Object.entries(cases)) {
      assert.throws(
        () => parseStores(url, '/data'),
        (error) => {
          assert.ok(isFailure(error, 'invalid'), url)
          assert.match(error.message, words, url)
          assert.doesNotMatch(error.message, /hushhush/)
          return true
        },
      )
    }
  })

  it('opens all of them or none', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'imageport-stores-'))
    t.after(() => rm(directory, { recursive: true }))
    const opened = await openStores(parseStores('fast=file:,slow=file:slow', directory))
    assert.deepEqual(
      opened.map(({ store, readOnly }) => [store.name, store.type, readOnly]),
      [
        ['fast', 'file', false],
        ['slow', 'file', false],
      ],
    )
    for (const { store } of opened) await store.close()
    await writeFile(join(directory, 'occupied'), '')
    await assert.rejects(openStores(parseStores('fast=file:,slow=file:occupied', directory)), (error) =>
      isFailure(error, 'unavailable'),
    )
    await assert.rejects(
      openStores(parseStores('fast=file:,old=file:absent?readOnly=true', directory)),
      (error) => isFailure(error, 'unavailable'),
    )
  })
})
