import type { Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { catalogueResource } from './visibility.ts'

/** Refuses to delete something that is needed, in the words of foreman.md 5.1. */
export function inUse(name: string, by: string): Failure {
  const sentence = `${name} is used by ${by}`
  return new Failure('conflict', sentence, { reason: 'in-use', fields: { base: [sentence] } })
}

/** @throws Failure `conflict` (reason `in-use`) while a living image or an instance is in this place or project. */
export async function demandUnused(
  trx: Trx,
  { id, name }: { readonly id: number; readonly name: string },
  by: { readonly image: 'location_id' | 'owner_id'; readonly instance: 'location_id' | 'project_id' },
): Promise<void> {
  const image = await trx
    .selectFrom('images')
    .select(['name', 'uuid'])
    .where(by.image, '=', id)
    .where('deleted', '=', 0)
    .limit(1)
    .executeTakeFirst()
  if (image) throw inUse(name, image.name || image.uuid)
  const instance = await trx
    .selectFrom('instances')
    .select('hostname')
    .where(by.instance, '=', id)
    .limit(1)
    .executeTakeFirst()
  if (instance) throw inUse(name, instance.hostname)
}

/** Refuses to delete what an installation always has. */
export function builtIn(name: string): Failure {
  const sentence = `${name} is built in and cannot be deleted`
  return new Failure('conflict', sentence, { reason: 'built-in', fields: { base: [sentence] } })
}

/**
 * Deleting an operating system or architecture deletes its registrations (foreman.md 3.5); but one in the catalogue
 * that is the image itself cannot go while the image says that it has this system.
 * @throws Failure `conflict` (reason `in-use`)
 */
export async function demandNoImages(
  trx: Trx,
  column: 'operating_system_id' | 'architecture_id',
  id: number,
  name: string,
): Promise<void> {
  const image = await trx
    .selectFrom('registrations')
    .select('name')
    .where('compute_resource_id', '=', catalogueResource.id)
    .where(column, '=', id)
    .where('automatic', '=', 1)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  if (image) throw inUse(name, image.name)
}
