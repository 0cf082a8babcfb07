import type { Core } from '../core.ts'

export type NamedStore = {
  readonly name: string
  /** `file` or `s3`. */
  readonly type: string
  readonly isDefault: boolean
  readonly readOnly: boolean
}

/** The stores as callers name them; a single one is never named on any wire (one-catalogue.md section 5). */
export function stores({ stores: { all } }: Core) {
  const usual = all.find(({ readOnly }) => !readOnly)
  const named: readonly NamedStore[] = all.map((one) => ({
    name: one.store.name,
    type: one.store.type,
    isDefault: one === usual,
    readOnly: one.readOnly,
  }))
  return {
    several: named.length > 1,
    named,
    names: named.map(({ name }) => name),
    writable: named.filter(({ readOnly }) => !readOnly).map(({ name }) => name),
  }
}
