import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../../src/catalogue/failure.ts'
import { command } from '../../src/hypervisor/command.ts'

const sh = (script: string, options = {}) => command('/bin/sh', ['-c', script], options)
const hypervisorIs = (error: unknown) =>
  isFailure(error, 'unavailable') && error.detail.reason === 'hypervisor'

test('what a command says, and its exit code', async () => {
  assert.deepEqual(await sh('echo out; echo err >&2; exit 3'), { code: 3, stdout: 'out\n', stderr: 'err\n' })
})

test('it gets no input, English, and none of our settings', async () => {
  process.env.IMAGEPORT_TEST_SECRET = 'secret'
  try {
    const { stdout } = await sh('cat; echo "$LC_ALL|$IMAGEPORT_TEST_SECRET|$PATH"')
    assert.equal(stdout, `C||${process.env.PATH}\n`)
  } finally {
    delete process.env.IMAGEPORT_TEST_SECRET
  }
})

test('a program that is missing', async () => {
  await assert.rejects(command('/nonexistent/virsh', []), hypervisorIs)
})

test('a program with limits gets its arguments as they are, and no more than it may use', async () => {
  const limits = { cpuSeconds: 1, addressSpaceBytes: 2 ** 30 }
  const script = 'echo "$0|$1|$2"; ulimit -t; ulimit -v'
  const { stdout } = await command('/bin/sh', ['-c', script, 'a b', '$(id)', '";'], { limits })
  assert.equal(stdout, 'a b|$(id)|";\n1\n1048576\n')
  await assert.rejects(command('/nonexistent/qemu-img', ['info'], { limits }), hypervisorIs)
})

test('too much output, also on stderr, ends it', async () => {
  await assert.rejects(sh('yes', { maxBytes: 10_000 }), hypervisorIs)
  await assert.rejects(sh('yes >&2', { maxBytes: 10_000 }), hypervisorIs)
})

test('output that is read as it comes is not limited', async () => {
  let length = 0
  const { stdout } = await sh('yes | head -c 100000', {
    maxBytes: 1000,
    onOutput: (text: string) => {
      length += text.length
    },
  })
  assert.equal(length, 100_000)
  assert.equal(stdout, '')
})

test('time that runs out, and a signal, end it with its children', async () => {
  // The pipe stays open until the grandchild is gone: without ending that, this would take a minute.
  const started = Date.now()
  await assert.rejects(sh('sleep 60 & wait', { timeout: 50 }), hypervisorIs)
  const stop = new AbortController()
  const running = sh('echo started; sleep 60 & wait', { signal: stop.signal, onOutput: () => stop.abort() })
  await assert.rejects(running, (error) => isFailure(error, 'interrupted'))
  await assert.rejects(sh('true', { signal: stop.signal }), (error) => isFailure(error, 'interrupted'))
  assert.ok(Date.now() - started < 30_000)
})
