import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { searchableAccounts } from '../../../src/catalogue/people/accounts/record.ts'
import { searchableComputeResources } from '../../../src/catalogue/places/compute-resources/resource.ts'
import { searchableRegistrations } from '../../../src/catalogue/places/registrations/registration.ts'
import { searchableArchitectures } from '../../../src/catalogue/places/systems/architectures.ts'
import { searchableSystems } from '../../../src/catalogue/places/systems/system.ts'
import { searchableLocations, searchableOrganizations } from '../../../src/catalogue/places/trees/tree.ts'
import type { Searchable } from '../../../src/catalogue/search.ts'
import type { Resource } from '../../../src/faces/foreman/search/resource.ts'
import * as resources from '../../../src/faces/foreman/search/resources.ts'

/** What the language says of a field, and what the catalogue says of it, must be about the same field. */
const pairs: readonly [string, Resource, Searchable][] = [
  ['images', resources.images, searchableRegistrations('sqlite')],
  ['compute resources', resources.computeResources, searchableComputeResources],
  ['operating systems', resources.operatingSystems, searchableSystems],
  ['architectures', resources.architectures, searchableArchitectures],
  ['organizations', resources.organizations, searchableOrganizations],
  ['locations', resources.locations, searchableLocations],
  ['users', resources.usersWithRoles([]), searchableAccounts],
]

for (const [what, resource, { fields }] of pairs)
  describe(what, () => {
    for (const [name, wanted] of Object.entries(resource.fields)) {
      if ('constant' in wanted) continue
      test(name, () => {
        const field = fields[wanted.field ?? name]
        assert.ok(field, 'the catalogue has no such field')
        const kind = wanted.kind === 'string' || wanted.kept ? 'text' : 'number'
        assert.equal(field.kind, kind)
        assert.equal(field.many !== undefined, wanted.many === true, 'one or several')
        // Without it `~` would look at the case of letters on PostgreSQL. Versions are numbers, as a rule.
        if (wanted.kind === 'string' && !wanted.kept && name !== 'major' && name !== 'minor')
          assert.ok(field.folded, 'no case-folded column')
      })
    }
    test('the order that nobody asked for', () => {
      for (const { field } of [...resource.order, { field: 'id' }]) assert.ok(fields[field])
    })
  })
