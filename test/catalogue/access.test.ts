import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allows, demand, demandPermission, permitted } from '../../src/catalogue/access.ts'
import type { Actor } from '../../src/catalogue/actor.ts'
import { isFailure } from '../../src/catalogue/failure.ts'
import { type Visibility, visibilities } from '../../src/catalogue/images/image.ts'
import {
  type Permission,
  permissions,
  placePermissions,
  type Role,
  roleNames,
} from '../../src/catalogue/roles.ts'

const ownerProject = 10
const otherProject = 20

function actor(role: Role, projectId: number): Actor {
  return {
    userId: 1,
    username: 'u',
    superAdmin: role === 'admin',
    projectId,
    roles: new Map([[projectId, new Set([role])]]),
    face: 'system',
    requestId: null,
  }
}

const image = (visibility: Visibility, bound = true) => ({
  uuid: 'x',
  ownerId: ownerProject,
  visibility,
  bound,
})

/** What a role may do with the images of its own project, one letter each in the order of `permissions`. */
const own: Readonly<Record<Role, string>> = {
  //                   list view create import update delete download deactivate share publicise directory
  admin: /*         */ 'yyyyyyyyyyy',
  owner: /*         */ 'yyyyyyyyynn',
  image_import_admin: 'yyyyyyyyynn',
  image_admin: /*   */ 'yyynyyyyynn',
  member: /*        */ 'yyyyyyyyynn',
  reader: /*        */ 'yynnnnnnnnn',
}

/** What a role may do with the places of its project, one letter each in the order of `placePermissions`. */
const places: Readonly<Record<Role, string>> = {
  //                   registration: view create update delete; resource: view register update; place, instance: view; manage
  admin: /*         */ 'yyyyyyyyyy',
  owner: /*         */ 'yyyyyyyyyy',
  image_import_admin: 'yyyyyyyyyy',
  image_admin: /*   */ 'yyyyyyyyyy',
  member: /*        */ 'yyyyyynyyn',
  reader: /*        */ 'ynnnynnyyn',
}

/** What a role elsewhere may do with an image that is not its own: only `view` and `download` can ever be. */
type Elsewhere = 'stranger' | 'member'
const foreign: Readonly<Record<Visibility, Readonly<Record<Elsewhere, readonly Permission[]>>>> = {
  public: { stranger: ['image.view', 'image.download'], member: ['image.view', 'image.download'] },
  community: { stranger: ['image.view', 'image.download'], member: ['image.view', 'image.download'] },
  private: { stranger: [], member: [] },
  shared: { stranger: [], member: ['image.view', 'image.download'] },
}

for (const role of roleNames)
  test(`${role} and the places of a project`, () => {
    const one = actor(role, ownerProject)
    const answers = placePermissions.map((permission) => permitted(one, permission, ownerProject))
    assert.equal(answers.map((yes) => (yes ? 'y' : 'n')).join(''), places[role])
    // The first check of a request asks for the same, wherever a role may hold it.
    for (const permission of [...placePermissions, 'manage-directory'] as const) {
      const held =
        permission === 'manage-directory' ? role === 'admin' : permitted(one, permission, ownerProject)
      if (held) demandPermission(one, permission)
      else
        assert.throws(
          () => demandPermission(one, permission),
          (error) => isFailure(error, 'forbidden') && error.detail.id === permission,
        )
    }
    if (role !== 'admin')
      for (const permission of placePermissions) assert.equal(permitted(one, permission, otherProject), false)
  })

for (const role of roleNames)
  for (const visibility of visibilities) {
    test(`${role} of the owner, ${visibility} image`, () => {
      const answers = permissions.map((permission) =>
        allows(actor(role, ownerProject), permission, image(visibility), new Set()),
      )
      assert.equal(answers.map((yes) => (yes ? 'y' : 'n')).join(''), own[role])
    })

    for (const place of ['stranger', 'member'] as const)
      test(`${role} elsewhere, ${place} of a ${visibility} image`, () => {
        const members = new Set(place === 'member' ? [otherProject] : [])
        for (const permission of permissions) {
          // Reading bytes needs the role for it, also when everybody may see the image (onecloudplanet.md 1.10).
          const expected =
            role === 'admin' ||
            (foreign[visibility][place].includes(permission) &&
              !(role === 'reader' && permission === 'image.download'))
          assert.equal(
            allows(actor(role, otherProject), permission, image(visibility), members),
            expected,
            permission,
          )
        }
      })
  }

test('what may not be seen does not exist; what may be seen but not done is forbidden', () => {
  const stranger = actor('owner', otherProject)
  assert.throws(
    () => demand(stranger, 'image.update', image('private'), new Set()),
    (error) => isFailure(error, 'not-found'),
  )
  assert.throws(
    () => demand(stranger, 'image.update', image('public'), new Set()),
    (error) => isFailure(error, 'forbidden') && error.detail.reason === 'owner',
  )
  assert.throws(
    () => demand(actor('reader', ownerProject), 'image.update', image('private'), new Set()),
    (error) => isFailure(error, 'forbidden') && error.detail.reason === 'role',
  )
})

test('an image that is bound to no project is seen by its project and changed by administrators only', () => {
  for (const role of roleNames)
    for (const permission of permissions) {
      const one = actor(role, ownerProject)
      const expected =
        role === 'admin' ||
        ((permission === 'image.view' || permission === 'image.download') &&
          permitted(one, permission, ownerProject))
      assert.equal(
        allows(one, permission, image('private', false), new Set()),
        expected,
        `${role} ${permission}`,
      )
    }
})

test('anonymous callers see public images and nothing else', () => {
  const nobody: Actor = { ...actor('reader', 0), userId: null, roles: new Map(), projectId: null }
  for (const visibility of visibilities) {
    assert.equal(allows(nobody, 'image.view', image(visibility), new Set()), visibility === 'public')
    assert.equal(allows(nobody, 'image.download', image(visibility), new Set()), visibility === 'public')
    assert.equal(allows(nobody, 'image.update', image(visibility), new Set()), false)
  }
})
