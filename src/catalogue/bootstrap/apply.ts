import { isUniqueViolation } from '../../database/dialect.ts'
import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure, isFailure } from '../failure.ts'
import { findImage } from '../images/find.ts'
import { insertImage } from '../images/insert.ts'
import { saveImage } from '../images/save.ts'
import { writeSetting } from '../installation-settings.ts'
import type { BootstrapDocument, Entry } from './document.ts'
import { applyInstance, applyNode } from './instances.ts'
import { applyGroup, applyLocation, applyProject, applyUser, preparePasswords, projectId } from './people.ts'
import { applyArchitecture, applyComputeResource, applyRegistration, applySystem } from './places.ts'
import { place, readBootstrap, refusal } from './read.ts'
import type { Application, Applied } from './upsert.ts'

/**
 * Applies a bootstrap file: creates what is missing and changes what differs, all of it or nothing.
 * @returns what was done; applying a file twice does nothing the second time
 * @throws Failure `invalid` (reason `bootstrap`) naming key and line; `forbidden`
 */
export async function applyBootstrap(
  core: Core,
  actor: Actor,
  text: string,
  file: string,
): Promise<Applied[]> {
  demandDirectory(actor)
  const { document, lines } = readBootstrap(text, file)
  const passwords = await preparePasswords(core, document.users ?? [])
  return core.database.transaction(async (trx) => {
    const application: Application = { trx, core, actor, applied: [] }
    /** Applies one section; a complaint of the catalogue gets the place in the file. */
    async function section<Name extends keyof BootstrapDocument>(
      name: Name,
      apply: (application: Application, entry: Entry<Name>) => Promise<void>,
    ): Promise<void> {
      for (const [index, entry] of ((document[name] as Entry<Name>[] | undefined) ?? []).entries()) {
        try {
          await apply(application, entry)
        } catch (error) {
          const message = isFailure(error) ? error.message : twin(error)
          if (message === null) throw error
          throw refusal([place(file, [name, index], lines, message)])
        }
      }
    }
    await section('projects', applyProject)
    await section('locations', applyLocation)
    await section('users', (a, entry) => applyUser(a, entry, passwords))
    await section('groups', applyGroup)
    await section('architectures', applyArchitecture)
    await section('operatingSystems', applySystem)
    await section('computeResources', applyComputeResource)
    await section('images', applyImage)
    await section('registrations', applyRegistration)
    await section('nodes', applyNode)
    await section('instances', applyInstance)
    if (document.settings) await applySettings(application, document.settings)
    return application.applied
  })
}

/** What is wrong with an entry that would be a second one of something; null for every other error. */
function twin(error: unknown): string | null {
  const collision = isUniqueViolation(error)
  if (collision === false) return null
  const columns = collision.columns.map((column) => column.replace(/_fold$/, '')).join(', ')
  return `Another one has the same ${columns || 'name'} already.`
}

/** The description of an image; its bytes come through a face. */
async function applyImage({ trx, core, actor, applied }: Application, entry: Entry<'images'>): Promise<void> {
  const { project, location, updatedAt, ...facts } = entry
  const ownerId = project === undefined ? undefined : await projectId({ trx, core, actor, applied }, project)
  const before = await findImage(trx, entry.uuid)
  if (!before) {
    await insertImage(trx, core, actor, {
      ...facts,
      ownerId: ownerId ?? 1,
      ...(location === undefined ? {} : { region: location }),
      ...(updatedAt === undefined ? {} : { updatedAt }),
    })
    applied.push({ what: `image ${entry.uuid}`, did: 'created' })
    return
  }
  if (before.status === 'deleted')
    throw new Failure('conflict', `Image ${entry.uuid} was deleted.`, { subject: 'image', id: entry.uuid })
  const wanted = {
    ...facts,
    ...(ownerId === undefined ? {} : { ownerId }),
    ...(updatedAt === undefined ? {} : { updatedAt }),
  }
  const changes = Object.entries(wanted).filter(
    ([key, value]) =>
      value !== undefined && JSON.stringify(value) !== JSON.stringify(before[key as keyof typeof before]),
  )
  if (changes.length === 0) return
  await saveImage(trx, core, actor, before, Object.fromEntries(changes), 'update')
  applied.push({ what: `image ${entry.uuid}`, did: 'changed' })
}

async function applySettings(
  { trx, actor, applied }: Application,
  settings: Entry<'settings'>,
): Promise<void> {
  for (const name of ['imageServer', 'repositories'] as const) {
    const value = settings[name]
    if (value === undefined) continue
    const did = await writeSetting(trx, actor, name, value)
    if (did) applied.push({ what: `setting ${name}`, did })
  }
}

/**
 * What every installation has (first start): project `main`, one location, the compute resource `catalogue`, the
 * user `admin`. Returns the password that was made for `admin`, or null when there are users already.
 */
export async function firstStart(core: Core, actor: Actor, password: string): Promise<boolean> {
  const { db } = core.database
  if (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) return false
  const document = {
    projects: [{ id: 1, name: 'main', label: 'main', access: 'public' }],
    locations: [{ id: 1, name: 'RegionOne', description: 'Default location', default: true }],
    computeResources: [
      { id: 1, name: 'catalogue', provider: 'Catalogue', description: 'The images of this catalogue' },
    ],
    users: [
      {
        id: 1,
        username: 'admin',
        password,
        firstName: 'Admin',
        superAdmin: true,
        defaultProject: 'main',
        roles: [{ project: 'main', role: 'admin' }],
      },
    ],
  }
  try {
    await applyBootstrap(core, actor, JSON.stringify(document), 'first start')
  } catch (error) {
    // Another process of the same installation was quicker.
    if (await db.selectFrom('users').select('id').where('username_fold', '=', 'admin').executeTakeFirst())
      return false
    throw error
  }
  return true
}
