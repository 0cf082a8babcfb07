import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import type { Face } from '../../src/catalogue/actor.ts'
import { statuses, visibilities } from '../../src/catalogue/images/image.ts'
import { memberStatuses } from '../../src/catalogue/images/members.ts'
import type { Source } from '../../src/catalogue/images/source.ts'
import type { WireHistoryEntry } from '../../src/faces/console/wire.ts'
import { type Absence, type Command, type Secret, systems } from '../../src/http/exhibit.ts'
import {
  type Difference,
  differencesOf,
  knownDeeds,
  knownFacts,
} from '../../web/src/pages/image/history/diff.ts'

const entry = (before: unknown, after: unknown) => ({ before, after }) as WireHistoryEntry
const fact = (name: string, before: Difference['before'], after: Difference['after']): Difference => ({
  kind: 'fact',
  name,
  before,
  after,
})
const said = (value: string) => ({ kind: 'text', value }) as const

describe('what an entry of an image’s history changed', () => {
  const cases: [what: string, before: unknown, after: unknown, expected: Difference[]][] = [
    ['nothing', null, null, []],
    ['a name', { name: 'a' }, { name: 'b' }, [fact('name', said('a'), said('b'))]],
    [
      'a switch',
      { protected: false },
      { protected: true },
      [fact('protected', { kind: 'no' }, { kind: 'yes' })],
    ],
    [
      'of tags, those that came and went',
      { tags: ['a', 'b'] },
      { tags: ['b', 'c', 'd'] },
      [fact('tags', { kind: 'list', values: ['a'] }, { kind: 'list', values: ['c', 'd'] })],
    ],
    ['the first tags', { tags: [] }, { tags: ['x'] }, [fact('tags', null, { kind: 'list', values: ['x'] })]],
    [
      'properties one by one, whatever they are called',
      { properties: { same: '1', changed: '2', gone: '3' } },
      { properties: { same: '1', changed: '<b>', toString: '4' } },
      [
        { kind: 'property', name: 'changed', before: said('2'), after: said('<b>') },
        { kind: 'property', name: 'gone', before: said('3'), after: null },
        { kind: 'property', name: 'toString', before: null, after: said('4') },
      ],
    ],
    [
      'of a manifest, too',
      { manifest: { v: 2, homepage: 'a' } },
      { manifest: { v: 2, homepage: 'b', tags: { x: true } } },
      [
        { kind: 'property', name: 'manifest.homepage', before: said('a'), after: said('b') },
        { kind: 'property', name: 'manifest.tags', before: null, after: said('{"x":true}') },
      ],
    ],
    [
      'of a new image, what is not so of every one',
      null,
      { uuid: 'u', name: 'n', protected: false, minDisk: 0, minRam: 512, blobId: null, tags: [], ownerId: 2 },
      [
        fact('name', null, said('n')),
        fact('minRam', null, said('512')),
        fact('ownerId', null, { kind: 'project', value: '2' }),
      ],
    ],
    ['nothing of bookkeeping', { blobId: 'a', locationId: 1 }, { blobId: 'b', locationId: 2 }, []],
    [
      'what the console has no words for',
      { novelty: { a: 1 } },
      { novelty: 5 },
      [{ kind: 'other', name: 'novelty', before: said('{"a":1}'), after: said('5') }],
    ],
  ]
  for (const [what, before, after, expected] of cases)
    test(what, () => assert.deepEqual(differencesOf(entry(before, after)), expected))

  test('the answer of a member', () => {
    const decision = { ...entry({ projectId: 3, status: 'pending' }, { projectId: 3, status: 'accepted' }) }
    assert.deepEqual(differencesOf({ ...decision, action: 'share-decision' }), [
      fact('projectId', null, { kind: 'project', value: '3' }),
      fact('answer', { kind: 'answer', value: 'pending' }, { kind: 'answer', value: 'accepted' }),
    ])
  })
})

describe('words that the page of an image makes of what it is told', () => {
  const words = {
    'image.history': knownDeeds,
    'image.history.fact': [...knownFacts, 'answer'],
    'image.status': statuses,
    'image.visibility': visibilities,
    'image.member.status': memberStatuses,
    'image.system': systems,
    'image.origin': ['type', 'made', 'filled', 'source', 'instance', 'builtOn'],
    'image.face': [
      'console',
      'danube',
      'foreman',
      'glance',
      'identity',
      'imgapi',
      'onecloudplanet',
      'system',
    ] satisfies Face[],
    'image.source': [
      'upload',
      'url',
      'repository',
      'glance',
      'location',
      'copy',
      'snapshot',
    ] satisfies Source['kind'][],
    'image.absent': [
      'account',
      'api-access',
      'project',
      'permission',
      'switched-off',
      'no-bytes',
      'failed',
      'unregistered',
    ] satisfies Absence[],
    'image.secret': ['none', 'password', 'token', 'ssh-key', 'openrc'] satisfies Secret[],
    'image.purpose': ['show', 'download', 'use'] satisfies Command['purpose'][],
  }
  for (const language of ['en', 'fr', 'zh'])
    test(`are all there: ${language}`, async () => {
      const folder = new URL(`../../web/src/i18n/messages/${language}/`, import.meta.url)
      const messages: Record<string, string> = {}
      for (const name of ['image.json', 'parts.json'])
        Object.assign(messages, JSON.parse(await readFile(new URL(name, folder), 'utf8')))
      const wanted = Object.entries(words).flatMap(([area, names]) => names.map((name) => `${area}.${name}`))
      assert.deepEqual(
        wanted.filter((id) => !(id in messages)),
        [],
      )
    })
})
