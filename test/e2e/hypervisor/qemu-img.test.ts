import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type FailureCode, isFailure } from '../../../src/catalogue/failure.ts'
import {
  applyInternalSnapshot,
  createInternalSnapshot,
  deleteInternalSnapshot,
  exportDisk,
  inspectDisk,
} from '../../../src/hypervisor/qemu-img.ts'
import { debianPackage } from '../../support/debian.ts'
import { forgetBackingFormat } from './forget-backing-format.ts'

const run = promisify(execFile)
const tools = await debianPackage('qemu-utils')

const fails = (work: Promise<unknown>, code: FailureCode) =>
  assert.rejects(work, (error) => {
    assert.ok(isFailure(error, code), `${code} expected: ${error}`)
    return true
  })

describe('disk images', { skip: tools ? false : 'qemu-utils cannot be installed here' }, () => {
  let directory: string
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imageport-qemu-img-'))
  })
  after(() => rm(directory, { recursive: true, force: true }))

  const created = async (name: string, ...options: string[]) => {
    const file = join(directory, name)
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, file, '4M'])
    return file
  }
  const write = (file: string, value: number) => run('qemu-io', ['-c', `write -P ${value} 1M 1M`, file])
  const demand = async (file: string, value: number) => {
    const { stdout } = await run('qemu-io', ['-r', '-f', 'qcow2', '-c', `read -P ${value} 1M 1M`, file])
    assert.doesNotMatch(stdout, /verification failed/)
  }
  const target = () => join(directory, 'target.qcow2')

  test('what the header says', async () => {
    const base = await created('base.qcow2')
    assert.deepEqual(await inspectDisk(base, 'qcow2'), {
      virtualSizeBytes: 4 * 2 ** 20,
      snapshots: [],
      backingFile: null,
      backingFormat: null,
      dataFile: null,
      extents: [],
    })
    const top = await created('top.qcow2', '-b', 'base.qcow2', '-F', 'qcow2')
    const { backingFile, backingFormat } = await inspectDisk(top, 'qcow2')
    assert.deepEqual([backingFile, backingFormat], [base, 'qcow2'])
    const whole = await created('data.qcow2', '-o', `data_file=${join(directory, 'data.raw')}`)
    assert.equal((await inspectDisk(whole, 'qcow2')).dataFile, join(directory, 'data.raw'))
    // A raw disk whose guest wrote a header stays raw.
    assert.equal((await inspectDisk(top, 'raw')).backingFile, null)
  })

  test('snapshots with any names: taken, exported, put back, deleted', async () => {
    const file = await created('many, with a comma.qcow2')
    // `2` gets the id 1, and `1` the id 2.
    const names = ['2', '1', '-c', 'a,b=c', `it's "é"`, '--help']
    for (const [index, name] of names.entries()) {
      await write(file, index + 1)
      await createInternalSnapshot(file, name)
    }
    await write(file, 99)
    await fails(createInternalSnapshot(file, '1'), 'conflict')
    assert.deepEqual(
      (await inspectDisk(file, 'qcow2')).snapshots.map(({ name }) => name),
      names,
    )
    for (const [index, name] of names.entries()) {
      await exportDisk({ file, format: 'qcow2', internal: name }, target())
      await demand(target(), index + 1)
      await demand(file, 99)
    }
    for (const [index, name] of names.entries()) {
      await applyInternalSnapshot(file, name)
      await demand(file, index + 1)
    }
    for (const name of names) await deleteInternalSnapshot(file, name)
    assert.deepEqual((await inspectDisk(file, 'qcow2')).snapshots, [])
    await fails(deleteInternalSnapshot(file, '1'), 'not-found')
    await fails(applyInternalSnapshot(file, '1'), 'not-found')
    await fails(exportDisk({ file, format: 'qcow2', internal: '1' }, target()), 'not-found')
  })

  test('two snapshots of one name are not told apart', async () => {
    const file = await created('twice.qcow2')
    for (let time = 0; time < 2; time++) await run('qemu-img', ['snapshot', '-c', 'twice', file])
    await fails(exportDisk({ file, format: 'qcow2', internal: 'twice' }, target()), 'state')
    await fails(applyInternalSnapshot(file, 'twice'), 'state')
    await fails(deleteInternalSnapshot(file, 'twice'), 'state')
  })

  test('a raw disk that looks like qcow2 is exported byte for byte', async () => {
    const file = await created('looks.raw', '-u', '-b', '/etc/passwd', '-F', 'raw')
    await exportDisk({ file, format: 'raw', internal: null }, target())
    const back = join(directory, 'back.raw')
    await run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', target(), back])
    await run('cmp', ['-n', '1000', file, back])
  })

  test('what fails leaves no target', async () => {
    const broken = join(directory, 'broken.qcow2')
    await rm(target(), { force: true })
    await writeFile(broken, 'not an image')
    await fails(exportDisk({ file: broken, format: 'qcow2', internal: null }, target()), 'content')
    const hole = await created('hole.qcow2', '-u', '-b', join(directory, 'nope'), '-F', 'raw')
    await fails(exportDisk({ file: hole, format: 'qcow2', internal: null }, target()), 'not-found')
    const guess = await created('guess.qcow2', '-u', '-b', join(directory, 'base.qcow2'), '-F', 'qcow2')
    await forgetBackingFormat(guess)
    await fails(exportDisk({ file: guess, format: 'qcow2', internal: null }, target()), 'content')
    await assert.rejects(access(target()))
  })

  test('only files by absolute paths', async () => {
    await fails(inspectDisk(directory, 'raw'), 'content')
    await fails(inspectDisk('/dev/null', 'raw'), 'content')
    await fails(inspectDisk(join(directory, 'nope'), 'raw'), 'not-found')
    await fails(inspectDisk(join(directory, 'base.qcow2'), 'nbd'), 'content')
    for (const path of ['nbd:127.0.0.1:1', 'json:{}', 'base.qcow2', '--help', `${directory}/a\0b`])
      await assert.rejects(inspectDisk(path, 'raw'), TypeError)
  })
})
