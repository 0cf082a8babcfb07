/** From what the settings say to opened stores. */
import { filesStore } from './files.ts'
import type { Store } from './store.ts'
import type { StorePlan } from './store-url.ts'

export type OpenedStore = { readonly store: Store; readonly readOnly: boolean }

/** Opens the stores, all or none; the first is the default. @throws Failure `unavailable` */
export async function openStores(plans: readonly StorePlan[]): Promise<readonly OpenedStore[]> {
  const opened: OpenedStore[] = []
  try {
    for (const plan of plans) {
      const store = await makeStore(plan)
      opened.push({ store, readOnly: plan.readOnly })
      await store.open()
    }
    return opened
  } catch (error) {
    await Promise.all(opened.map(({ store }) => store.close()))
    throw error
  }
}

async function makeStore(plan: StorePlan): Promise<Store> {
  if (plan.type === 'file') return filesStore(plan)
  // Loaded on demand: the client library takes a while, and most installations keep files.
  const { s3Store } = await import('./s3.ts')
  return s3Store(plan)
}
