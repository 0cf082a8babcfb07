import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resources } from '../../../../src/faces/foreman/apidoc/resources/index.ts'
import { routes } from '../../../../src/faces/foreman/routes.ts'

/** `hosts#update` is there for clients that look for it, and has no route (foreman.md 11.5). */
const stubs = new Set(['hosts'])

/** Foreman.md 9.1 has them served, and 11.5 does not document them: clients take the flat list with a context. */
const nested = new Set([
  'compute_resources#index GET /api/locations/:location_id/compute_resources',
  'compute_resources#index GET /api/organizations/:organization_id/compute_resources',
])

const documented = resources
  .filter(({ id }) => !stubs.has(id))
  .flatMap(({ id, methods }) =>
    methods.flatMap(({ name, apis }) => apis.map(({ verb, path }) => `${id}#${name} ${verb} ${path}`)),
  )
  .sort()
const served = (hidden: boolean) =>
  routes
    .filter(({ undocumented = false }) => undocumented === hidden)
    .map(({ resource, action, method, path }) => `${resource}#${action} ${method} /api${path}`)
    .sort()

test('every documented route is served, and every other one is marked as undocumented', () => {
  assert.deepEqual(
    served(false).filter((route) => !nested.has(route)),
    documented,
  )
})

test('no route is marked as undocumented that is documented', () => {
  assert.deepEqual(
    served(true).filter((route) => documented.includes(route)),
    [],
  )
})
