import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Task } from '../../../src/catalogue/tasks/task.ts'
import { doneTaskId, parseTaskId, taskIdOf } from '../../../src/faces/danube/task-id.ts'
import { statusOf } from '../../../src/faces/danube/task-status.ts'

const task: Task = {
  id: '0045f9b5-6c29-4565-92b3-0123456789ab',
  kind: 'import-url',
  imageUuid: null,
  subject: 'centos-7',
  payload: {},
  state: 'pending',
  progress: 0,
  progressTotal: null,
  result: null,
  failure: null,
  attempts: 0,
  cancelRequested: false,
  userId: 1,
  projectId: 1,
  ownerUserId: 1,
  callback: null,
  face: 'danube',
  requestId: null,
  createdAt: 0,
  startedAt: null,
  finishedAt: null,
}

describe('task ids', () => {
  const built: [what: string, facts: Partial<Task>, id: string][] = [
    ['of an image', {}, '1e1u1-0045f9b5-6c29-4565-92b3'],
    [
      'of the image of another',
      { userId: 12, ownerUserId: 7, projectId: 34 },
      '12e7u34-0045f9b5-6c29-4565-92b3',
    ],
    ['of an image from a snapshot', { kind: 'snapshot-image' }, '1e1u1-0045f9b5-6c29-4565-92b3'],
    ['of a snapshot', { kind: 'create-snapshot', projectId: 2 }, '1e1d2-0045f9b5-6c29-4565-92b3'],
    ['without an owner', { userId: 5, ownerUserId: null }, '5e5u1-0045f9b5-6c29-4565-92b3'],
    ['of nobody', { userId: null, ownerUserId: null, projectId: null }, '0e0u1-0045f9b5-6c29-4565-92b3'],
  ]
  for (const [what, facts, id] of built)
    test(what, () => {
      const made = taskIdOf({ ...task, ...facts })
      assert.equal(made, id)
      const read = parseTaskId(made)
      assert.ok(read && !read.dummy)
      assert.ok(task.id.startsWith(`${read.tail}-`))
    })

  test('of work that was done at once', () => {
    const facts = { userId: 1, ownerId: 9, group: 'd', projectId: 4 } as const
    const id = doneTaskId({ ...facts, requestId: 'req-aaaaaaaa-8F1B-4c5e-9f2a-0123456789ab' })
    assert.equal(id, '1d9d4-6f75849b-8f1b-4c5e-9f2a')
    assert.deepEqual(parseTaskId(id), { ...facts, type: 'd', tail: '6f75849b-8f1b-4c5e-9f2a', dummy: true })
  })

  const read: [text: string, what: 'known' | 'dummy' | null][] = [
    ['1e1u1-0045f9b5-6c29-4565-92b3', 'known'],
    ['1e1u1-0000-1111-aaaa-12345678', 'known'],
    ['12a3d45-0045F9B5-6C29-4565-92B3', 'known'],
    ['1d1u1-6f75849b-8f1b-4c5e-9f2a', 'dummy'],
    ['2d1u1-6f75849b-8f1b-4c5e-9f2a', 'known'],
    ['1x1u1-0045f9b5-6c29-4565-92b3', null],
    ['1e1x1-0045f9b5-6c29-4565-92b3', null],
    ['e1u1-0045f9b5-6c29-4565-92b3', null],
    ['1e1u-0045f9b5-6c29-4565-92b3', null],
    ['1e1u1-0045f9b5-6c29-4565', null],
    ['1e1u1-0045f9b5-6c29-4565-92b3-0123', null],
    ['1e1u1-0045f9b-56c29-4565-92b3', null],
    ['1e1u1-0045f9b56c29456592b3', null],
    ['-1e1u1-0045f9b5-6c29-4565-92b3', null],
    ['99999999999999999999e1u1-0045f9b5-6c29-4565-92b3', null],
    ['1e1u1-0045f9b5-6c29-4565-92b3\n', null],
    ['', null],
  ]
  for (const [text, what] of read)
    test(`read: ${JSON.stringify(text)}`, () => {
      const found = parseTaskId(text)
      assert.equal(found && (found.dummy ? 'dummy' : 'known'), what)
    })

  test('both groupings mean the same', () => {
    assert.equal(parseTaskId('1e1u1-0045-F9b5-6c29-456592b3')?.tail, '0045f9b5-6c29-4565-92b3')
  })
})

describe('how a task stands', () => {
  const id = '1e1u1-0045f9b5-6c29-4565-92b3'
  const cases: [facts: Partial<Task>, http: number, status: string, result: unknown][] = [
    [{}, 201, 'PENDING', null],
    [{ state: 'running', startedAt: 1 }, 201, 'STARTED', null],
    [
      { state: 'succeeded', startedAt: 1_000_000, finishedAt: 62_000_000, result: { size: 734003200 } },
      200,
      'SUCCESS',
      {
        returncode: 0,
        message: 'Successfully imported image centos-7 (transferred 734003200 bytes in 61 seconds)',
      },
    ],
    [
      {
        state: 'failed',
        startedAt: 1,
        failure: 'x',
        result: { code: 'invalid', detail: { reason: 'digest', expected: 'aaaa', found: 'bbbb' } },
      },
      400,
      'FAILURE',
      {
        returncode: 8,
        message: 'ERROR: Image file checksum mismatch (aaaa != bbbb)',
        detail: 'Got bad return code (8). Error: ERROR: Image file checksum mismatch (aaaa != bbbb)',
      },
    ],
    [{ state: 'cancelled' }, 410, 'REVOKED', 'revoked'],
    [{ state: 'cancelled', startedAt: 1 }, 410, 'REVOKED', 'terminated'],
  ]
  for (const [facts, http, status, result] of cases)
    test(`${status} ${JSON.stringify(result)?.slice(0, 30)}`, () => {
      assert.deepEqual(statusOf({ ...task, ...facts }), { http, body: { task_id: id, status, result } })
      assert.deepEqual(Object.keys(statusOf({ ...task, ...facts }).body), ['task_id', 'status', 'result'])
    })
})
