import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../../src/catalogue/failure.ts'
import { parseAddress } from '../../src/outbound/addresses.ts'
import { allowsAddress, allowsHost, parseAllowList } from '../../src/outbound/allow-list.ts'

const address = (list: string, text: string, port = 80) =>
  allowsAddress(parseAllowList(list), parseAddress(text)!, port)
const host = (list: string, name: string, port = 80) => allowsHost(parseAllowList(list), name, port)

test('no entry allows nothing', () => {
  assert.deepEqual(parseAllowList(''), [])
  assert.deepEqual(parseAllowList(' , '), [])
  assert.equal(address('', '127.0.0.1'), false)
})

test('an entry without a port means 80, 443 and 1024 upwards', () => {
  for (const port of [80, 443, 1024, 8080, 65535]) assert.equal(address('10.0.0.0/8', '10.9.8.7', port), true)
  for (const port of [0, 22, 81, 1023]) assert.equal(address('10.0.0.0/8', '10.9.8.7', port), false)
})

test('an entry with a port means that port only', () => {
  for (const list of ['10.0.0.0/8:22', 'other, 10.0.0.5:22']) {
    assert.equal(address(list, '10.0.0.5', 22), true)
    assert.equal(address(list, '10.0.0.5', 80), false)
  }
  assert.equal(host('mirror:81', 'mirror', 81), true)
  assert.equal(host('mirror:81', 'mirror', 80), false)
})

test('networks are compared bit by bit', () => {
  assert.equal(address('192.168.4.0/22', '192.168.7.255'), true)
  assert.equal(address('192.168.4.0/22', '192.168.8.0'), false)
  assert.equal(address('192.168.4.1', '192.168.4.2'), false)
  assert.equal(address('0.0.0.0/0', '0.0.0.0'), true)
  assert.equal(address('0.0.0.0', '0.0.0.0'), true)
})

test('IPv6 entries, with and without brackets', () => {
  assert.equal(address('fd00::/8', 'fd12::1'), true)
  assert.equal(address('fd00::/8:8080', 'fd12::1', 8080), true)
  assert.equal(address('fd00::/8:8080', 'fd12::1', 80), false)
  assert.equal(address('[fd00::/8]:8080', 'fd12::1', 8080), true)
  assert.equal(address('[fd00::]/8:8080', 'fd12::1', 8080), true)
  assert.equal(address('[fd00::1]:8080', 'fd00::1', 8080), true)
  assert.equal(address('fd00::1', 'fd00::1', 443), true)
  // Without brackets or prefix, what looks like a port belongs to the address.
  assert.equal(address('fd00::1:8080', 'fd00::1:8080'), true)
  assert.equal(address('fd00::1:8080', 'fd00::1', 8080), false)
})

test('a wrapped address is allowed by what it leads to; a mapped one only by that', () => {
  assert.equal(address('127.0.0.1', '::ffff:127.0.0.1'), true)
  assert.equal(address('::/0', '::ffff:127.0.0.1'), false)
  assert.equal(address('::/0', '127.0.0.1'), false)
  assert.equal(address('::ffff:10.0.0.0/104', '10.1.1.1'), true)
  assert.equal(address('10.0.0.0/8', '64:ff9b::10.0.0.1'), true)
})

test('host names match whole, in any case and with the final dot', () => {
  assert.equal(host('Mirror.Example', 'mirror.example.'), true)
  assert.equal(host('mirror.example', 'x.mirror.example'), false)
  assert.equal(host('mirror.example', 'mirror.example.org'), false)
  assert.equal(host('localhost', 'localhost', 3000), true)
})

test('what cannot be understood is named', () => {
  const wrong = [
    ...[
      '10.0.0.0/33',
      'fd00::/129',
      '10.0.0/8',
      '127.1',
      '0x7f000001',
      '2130706433',
      'mirror/8',
      '*.example.org',
    ],
    ...[
      'mirror:0',
      'mirror:65536',
      'mirror:http',
      'http://mirror',
      'a b',
      '[fd00::1',
      '[mirror]:80:90',
      'fe80::1%eth0',
    ],
    ...['[fd00::/8]/8', 'user@mirror', '10.0.0.1:', '/8', ':80'],
  ]
  for (const entry of wrong) {
    assert.throws(
      () => parseAllowList(`10.0.0.1, ${entry}`),
      (error) => isFailure(error, 'invalid') && error.message.includes(`"${entry}"`),
      entry,
    )
  }
})
