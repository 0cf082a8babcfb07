import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPublic, parseAddress, unwrap } from '../../src/outbound/addresses.ts'

test('addresses in other than their usual notation are not read', () => {
  for (const text of [
    '127.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '1.2.3.4.',
    'fe80::1%eth0',
    '[::1]',
    '',
  ]) {
    assert.equal(parseAddress(text), null, text)
  }
  assert.equal(parseAddress('192.0.2.1')?.toString(), '192.0.2.1')
})

test('special ranges are not public, also inside an IPv6 address that leads there', () => {
  const special = [
    ...['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.255'],
    ...['192.168.1.1', '169.254.169.254', '100.64.0.1', '100.127.255.255', '224.0.0.1', '239.255.255.255'],
    ...[
      '240.0.0.1',
      '255.255.255.255',
      '192.0.2.1',
      '198.51.100.1',
      '203.0.113.1',
      '198.18.0.1',
      '192.0.0.8',
    ],
    ...['::', '::1', 'fe80::1', 'febf::1', 'fec0::1', 'fc00::1', 'fd12:3456::1', 'ff02::1', '2001:db8::1'],
    ...['3fff::1', '100::1', '2001::1', '::127.0.0.1', '::8.8.8.8', '4000::1', '64:ff9b:1::808:808'],
    ...[
      '::ffff:127.0.0.1',
      '::ffff:169.254.169.254',
      '::ffff:0:10.0.0.1',
      '64:ff9b::192.168.0.1',
      '2002:7f00:1::1',
    ],
  ]
  for (const text of special) assert.equal(isPublic(parseAddress(text)!), false, text)
})

test('ordinary addresses are public', () => {
  for (const text of [
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '2002:808:808::1',
  ]) {
    assert.equal(isPublic(parseAddress(text)!), true, text)
  }
  assert.equal(isPublic(parseAddress('64:ff9b::8.8.8.8')!), true)
})

test('the address inside is found', () => {
  const inside = {
    '::ffff:10.1.2.3': '10.1.2.3',
    '64:ff9b::a01:203': '10.1.2.3',
    '2002:a01:203::9': '10.1.2.3',
  }
  for (const [outer, inner] of Object.entries(inside)) {
    assert.equal(unwrap(parseAddress(outer)!).toString(), inner)
  }
  assert.equal(unwrap(parseAddress('2606:4700::1')!).toString(), '2606:4700::1')
})
