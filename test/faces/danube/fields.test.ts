import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Refusal } from '../../../src/faces/danube/failures.ts'
import { type Fields, fields, namePattern } from '../../../src/faces/danube/fields.ts'

const absent = Symbol('absent')
type Case = [said: unknown, value: unknown, ...errors: string[]]

/** The value that is read, and the errors of the field. */
function check(name: string, read: (fields: Fields) => unknown, cases: readonly Case[]): void {
  describe(name, () => {
    for (const [said, value, ...errors] of cases)
      test(said === absent ? 'absent' : (JSON.stringify(said) ?? String(said)).slice(0, 60), () => {
        const own = fields(said === absent ? {} : { x: said })
        assert.deepEqual(read(own), value)
        assert.deepEqual(own.errors(), errors.length > 0 ? { x: errors } : {})
      })
  })
}

const required = 'This field is required.'
const wrong = 'Invalid value.'
const notWhole = 'Enter a whole number.'

check('text', (own) => own.text('x', { max: 4 }), [
  [absent, undefined],
  ['ab', 'ab'],
  ['äöü€', 'äöü€'],
  ['🦊🦊🦊🦊', '🦊🦊🦊🦊'],
  [12, '12'],
  [1.5, '1.5'],
  [true, 'True'],
  ['', undefined, required],
  [null, undefined, required],
  ['abcde', undefined, 'Ensure this value has at most 4 characters (it has 5).'],
  ['a<b', undefined, wrong],
  ...[...'<>%$&;\'"'].map((letter): Case => [letter, undefined, wrong]),
  ["it's <b>", undefined, wrong, 'Ensure this value has at most 4 characters (it has 8).'],
  ['a\0', undefined, wrong],
  ['\ud800', undefined, wrong],
  [{}, undefined, wrong],
  [['a'], undefined, wrong],
])

check('text that may be empty', (own) => own.text('x', { empty: true }), [
  [absent, undefined],
  ['', ''],
  [null, ''],
  ['a', 'a'],
])

check('a name that is required', (own) => own.text('x', { required: true, pattern: namePattern, max: 32 }), [
  [absent, undefined, required],
  ['centos-7.2_x', 'centos-7.2_x'],
  ['-a', undefined, wrong],
  ['.', undefined, wrong],
  ['a b', undefined, wrong],
  ['a\n', undefined, wrong],
  ['a'.repeat(32), 'a'.repeat(32)],
  ['a'.repeat(33), undefined, 'Ensure this value has at most 32 characters (it has 33).'],
])

const truths = [
  true,
  'true',
  'True',
  'TRUE',
  't',
  'T',
  '1',
  1,
  'no',
  'tRUE',
  'yes',
  ' ',
  2,
  -1,
  0.5,
  [0],
  { a: 1 },
]
const untruths = [false, 'false', 'False', 'FALSE', 'f', 'F', '0', 0, '', null, [], {}]
check('boolean', (own) => own.boolean('x'), [
  [absent, undefined],
  ...truths.map((value): Case => [value, true]),
  ...untruths.map((value): Case => [value, false]),
])

check('integer', (own) => own.integer('x', { min: 1, max: 100 }), [
  [absent, undefined],
  [7, 7],
  ['7', 7],
  [' +7 ', 7],
  ['007', 7],
  [100, 100],
  ['-0', undefined, 'Ensure this value is greater than or equal to 1.'],
  [0, undefined, 'Ensure this value is greater than or equal to 1.'],
  ['101', undefined, 'Ensure this value is less than or equal to 100.'],
  ...[true, false, '7.0', 7.5, '0x7', '1e2', 'seven', [7], {}, '1 2', '99999999999999999999', 1e300].map(
    (value): Case => [value, undefined, notWhole],
  ),
  ['', undefined, required],
  [null, undefined, required],
])

const noChoice = (value: string) => `Select a valid choice. ${value} is not one of the available choices.`
check('choice', (own) => own.choice('x', [1, 3, 4]), [
  [absent, undefined],
  [3, 3],
  ['4', 4],
  [2, undefined, noChoice('2')],
  ['9', undefined, noChoice('9')],
  ['three', undefined, notWhole],
  [true, undefined, notWhole],
])

check('word', (own) => own.word('x', ['GET', 'POST']), [
  [absent, undefined],
  ['GET', 'GET'],
  ['get', undefined, noChoice('get')],
  [5, undefined, noChoice('5')],
  [['GET'], undefined, noChoice('["GET"]')],
  [null, undefined, required],
])

check('tags', (own) => own.tags('x'), [
  [absent, undefined],
  [null, []],
  [[], []],
  ['', []],
  ['  ', []],
  [
    ['web', 'linux', 'web'],
    ['linux', 'web'],
  ],
  ['web linux  web', ['linux', 'web']],
  ['web server, linux', ['linux', 'web server']],
  ['web,,linux,', ['linux', 'web']],
  ['"web server" linux', ['linux', 'web server']],
  ['"a/b" c d, e', ['a/b', 'c d', 'e']],
  ['"web linux', ['linux', 'web']],
  [['a:b/c d_e-F9'], ['a:b/c d_e-F9']],
  [
    ['B', 'a', 'A', 'b'],
    ['A', 'B', 'a', 'b'],
  ],
  ['1.0', undefined, wrong],
  ['"a,b"', undefined, wrong],
  [['a.b'], undefined, wrong],
  [['ä'], undefined, wrong],
  [[''], undefined, wrong],
  [['a\n'], undefined, wrong],
  [[1], undefined, wrong],
  [[null], undefined, wrong],
  [[['a']], undefined, wrong],
  [7, undefined, wrong],
  [{ 0: 'a' }, undefined, wrong],
])

check('list', (own) => own.list('x'), [
  [
    ['b', 'a', 'b'],
    ['b', 'a'],
  ],
  ['"x y" b a', ['x y', 'b', 'a']],
  [['<'], undefined, wrong],
])

const long = `http://example.org/${'a'.repeat(1005)}`
check('url', (own) => own.url('x', { required: true }), [
  [absent, undefined, required],
  ['', undefined, required],
  ['http://example.org/images/1', 'http://example.org/images/1'],
  ['HTTPS://Example.org:8443/?a=b#c', 'HTTPS://Example.org:8443/?a=b#c'],
  ['http://images/x', 'http://images/x'],
  ['http://127.0.0.1:8000', 'http://127.0.0.1:8000'],
  ['http://[::1]/x', 'http://[::1]/x'],
  [long, long],
  [`${long}a`, undefined, 'Ensure this value has at most 1024 characters (it has 1025).'],
  ...[
    'ftp://example.org/',
    'file:///etc/passwd',
    'example.org',
    'http:example.org',
    'http://',
    'http:///path',
    'http://exa mple.org/',
    'http://example.org/a b',
    'http://[::1/',
    'http://example.org:99999/',
    ' http://example.org/',
    'javascript:alert(1)//http://example.org',
    'x',
    {},
    ['http://example.org'],
    7,
  ].map((value): Case => [value, undefined, wrong]),
])

check('a url that may be missing', (own) => own.url('x'), [
  [absent, undefined],
  [null, undefined],
  ['', undefined],
  ['x', undefined, wrong],
])

test('what handlers find is kept with the rest, in order, and demanded once', () => {
  const own = fields({ b: '', a: '<' })
  own.text('b')
  own.text('a')
  own.fail('a', wrong)
  own.fail('owner', 'Object with username=x does not exist.')
  assert.deepEqual([own.failed(), own.failed('owner'), own.failed('c')], [true, true, false])
  assert.throws(
    () => own.demand(),
    (error: Refusal) => {
      assert.deepEqual([error.status, error.envelope], [400, true])
      assert.equal(
        JSON.stringify(error.body),
        `{"b":["${required}"],"a":["${wrong}"],"owner":["Object with username=x does not exist."]}`,
      )
      return true
    },
  )
  assert.doesNotThrow(() => fields({}).demand())
})

test('values that come from the path are checked alike', () => {
  const own = fields({})
  assert.equal(own.check('name', 'x'.repeat(40), { max: 32, pattern: namePattern }), undefined)
  assert.deepEqual(own.errors(), { name: ['Ensure this value has at most 32 characters (it has 40).'] })
})

test('data without a prototype, and with names that objects have', () => {
  const data = Object.assign(Object.create(null), JSON.parse('{"__proto__": "a", "constructor": "b"}'))
  const own = fields(data)
  assert.deepEqual(
    [own.text('__proto__'), own.text('constructor'), own.text('toString')],
    ['a', 'b', undefined],
  )
})
