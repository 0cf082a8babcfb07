import type { Measure } from '../../catalogue/bytes/quota.ts'
import type { NamedStore } from '../../catalogue/bytes/stores.ts'
import { notAuthorized, Refusal } from './failures.ts'
import { type Answer, type Context, ok, type Route } from './route.ts'

/** glance.md 13.4. */
async function importInfo({ parts }: Context): Promise<Answer> {
  const value = parts.catalogue.storeImports.methods
  return ok({ 'import-methods': { description: 'Import methods available.', type: 'array', value } })
}

/** glance.md section 14. */
async function stores(context: Context): Promise<Answer> {
  return ok({ stores: severalStores(context).map(storeInfo) })
}

/** For administrators and services, without the places that the stores keep their bytes in. */
async function storeDetails(context: Context): Promise<Answer> {
  const { identity } = context
  const named = severalStores(context)
  if (!identity.superAdmin && !identity.roles.has('service')) throw notAuthorized('stores_info_detail')
  return ok({
    stores: named.map((store, place) => ({
      ...storeInfo(store),
      type: store.type,
      // Stores are read from in the order of the settings.
      weight: named.length - 1 - place,
      properties: store.type === 'file' ? { thin_provisioning: false } : {},
    })),
  })
}

/** @throws Refusal 404 where there is one store, which is never named (one-catalogue.md section 5) */
export function severalStores({ parts }: Context): readonly NamedStore[] {
  const { several, named } = parts.catalogue.stores
  if (!several) throw new Refusal(404, 'Multi backend is not supported at this site.')
  return named
}

/** What is true is a text, and what is not true is left out. */
function storeInfo({ name, isDefault, readOnly }: NamedStore): object {
  return {
    id: name,
    ...(isDefault ? { default: 'true' } : {}),
    ...(readOnly ? { 'read-only': 'true' } : {}),
  }
}

const mebibyte = 1024 ** 2

/** glance.md section 18. */
async function usage({ parts, actor }: Context): Promise<Answer> {
  if (actor.projectId === null) throw notAuthorized('get_usage')
  const report = await parts.catalogue.quotas.report(actor)
  if (report === null) return ok({ usage: {} })
  return ok({
    usage: {
      image_size_total: measured(report.bytes, mebibyte),
      image_stage_total: measured(report.stagedBytes, mebibyte),
      image_count_total: measured(report.images, 1),
      image_count_uploading: measured(report.uploads, 1),
    },
  })
}

function measured({ used, limit }: Measure, unit: number): object {
  // A negative limit is none.
  return { usage: Math.floor(used / unit), limit: limit === null ? -1 : Math.floor(limit / unit) }
}

export const infoRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/info/import',
    summary: 'How bytes can be imported',
    policy: 'get_import_info',
    anyToken: true,
    handle: importInfo,
  },
  {
    method: 'GET',
    path: '/info/stores',
    summary: 'The stores of the installation',
    policy: 'stores_info',
    handle: stores,
  },
  {
    method: 'GET',
    path: '/info/stores/detail',
    summary: 'The stores of the installation, in detail',
    policy: 'stores_info_detail',
    forServices: true,
    handle: storeDetails,
  },
  {
    method: 'GET',
    path: '/info/usage',
    summary: 'What the project uses of its quotas',
    policy: 'get_usage',
    body: 'ignored',
    handle: usage,
  },
]
