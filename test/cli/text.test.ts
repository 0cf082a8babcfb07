import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultFileName } from '../../src/cli/download.ts'
import { progressOn } from '../../src/cli/progress.ts'
import { bytes, duration, facts, safe, table, width } from '../../src/cli/text.ts'
import type { WireImage } from '../../src/faces/console/wire.ts'

describe('command line: text', () => {
  test('amounts and times are written for people', () => {
    assert.deepEqual([0, 1023, 1024, 1536, 1024 ** 3 * 200, null].map(bytes), [
      '0 B',
      '1023 B',
      '1.0 KiB',
      '1.5 KiB',
      '200 GiB',
      '-',
    ])
    assert.deepEqual([3.4, 60, 3723].map(duration), ['3 s', '1:00', '1:02:03'])
  })

  test('a table is aligned, also with wide characters, and fits the terminal', () => {
    const rows = [
      { name: '磁盘', note: 'x'.repeat(60), size: 5 },
      { name: 'plain', note: 'short', size: 12345 },
    ]
    const columns = [
      { title: 'NAME', of: (row: (typeof rows)[0]) => row.name },
      { title: 'NOTE', of: (row: (typeof rows)[0]) => row.note },
      { title: 'SIZE', of: (row: (typeof rows)[0]) => String(row.size), right: true },
    ]
    const narrow = table(rows, columns, 40).split('\n')
    assert.ok(narrow.every((line) => width(line) <= 40))
    assert.equal(width(narrow[1]!), 40)
    assert.match(narrow[1]!, /^磁盘 {3}x+… +5$/)
    assert.match(table(rows, columns, null).split('\n')[1]!, /x{60} {2} {4}5$/)
    assert.equal(table([], columns, 40), 'NAME  NOTE  SIZE')
  })

  test('facts without a value are left out', () => {
    assert.equal(
      facts([
        ['a', 1],
        ['long', true],
        ['none', null],
        ['empty', ''],
      ]),
      'a     1\nlong  yes',
    )
  })

  test('other people’s text cannot steer the terminal', () => {
    assert.equal(safe('a\u001b[31mb\u0007\r\nc\u202ed'), 'ab c d')
    assert.ok(!/[\p{Cc}\u202e]/u.test(safe('\u001b]0;title\u0007x\u202e\u0085')))
  })

  test('a file gets a name that leads nowhere', () => {
    const named = (name: string, diskFormat: string | null = 'qcow2') =>
      defaultFileName({ name, diskFormat, uuid: 'some-uuid' } as WireImage)
    assert.deepEqual(
      ['Debian 13', 'disk.QCOW2', '../../etc/passwd', '', '..', '-rf'].map((name) => named(name)),
      [
        'Debian 13.qcow2',
        'disk.QCOW2',
        '_.._etc_passwd.qcow2',
        'some-uuid.qcow2',
        'some-uuid.qcow2',
        'rf.qcow2',
      ],
    )
    assert.equal(named('x', null), 'x.raw')
  })

  test('progress is a bar on a terminal, and silent for short work elsewhere', () => {
    const screen = (isTTY: boolean) => {
      const written: string[] = []
      return { isTTY, columns: 60, written, write: (text: string) => written.push(text) }
    }
    const terminal = screen(true)
    const bar = progressOn(terminal, 'disk')
    bar.at(0, 100)
    bar.at(50, 100) // too soon to be drawn again
    bar.stop()
    assert.ok(terminal.written[0]!.startsWith('\r\u001b[2Kdisk  [-'))
    assert.match(terminal.written[0]!, /\[-+\] 0% {2}0 B of 100 B$/)
    assert.match(terminal.written[1]!, /disk {2}\[#+-+\] 50% {2}50 B of 100 B$/)
    assert.deepEqual(terminal.written.slice(2), ['\n'])
    assert.ok(terminal.written.every((text) => text.replace('\r\u001b[2K', '').length < 60))
    const log = screen(false)
    const lines = progressOn(log, 'disk')
    lines.at(0, 100)
    lines.at(100, 100)
    lines.stop()
    assert.deepEqual(log.written, [])
  })
})
