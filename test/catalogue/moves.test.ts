import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../../src/catalogue/failure.ts'
import { demandMove, type Status, statuses } from '../../src/catalogue/images/image.ts'

/** glance.md section 4 and onecloudplanet.md 2.9, written a second time so that a slip in either is seen. */
const allowed: Readonly<Record<Status, string>> = {
  queued: 'saving uploading importing active killed deleted',
  saving: 'active killed queued deleted',
  uploading: 'importing queued killed deleted',
  importing: 'active queued killed deleted',
  active: 'deactivated pending_delete deleted',
  deactivated: 'active pending_delete deleted',
  killed: 'deleted',
  pending_delete: 'deleted active',
  deleted: '',
}

for (const from of statuses)
  for (const to of statuses)
    test(`${from} → ${to}`, () => {
      if (allowed[from].split(' ').includes(to)) return demandMove('x', from, to)
      assert.throws(
        () => demandMove('x', from, to),
        (error) => isFailure(error, 'state') && error.detail.status === from,
      )
    })
