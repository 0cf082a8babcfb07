import { attributesOf, booleanOf, coerce, isParams, type Value } from './params.ts'
import type { Context } from './route.ts'

/** Reads one attribute of a record; what it returns is part of the change. Nothing: as if it had not been sent. */
export type Reader<Patch> = (value: Value, name: string, context: Context) => Patch | Promise<Patch>
export type Readers<Patch> = Readonly<Record<string, Reader<Patch>>>

/**
 * The attributes of a body as a change (foreman.md 2.4, 3.2); unknown ones are ignored. Of two that mean the same the
 * later one wins.
 * @param columns those that may stand at the top level, without the wrapper
 * @throws Refusal 400
 */
export async function readPatch<Patch extends object>(
  context: Context,
  wrapper: string,
  readers: Readers<Patch>,
  columns: readonly string[] = Object.keys(readers),
): Promise<Patch> {
  const patch = {}
  for (const [name, value] of Object.entries(attributesOf(context, wrapper, columns))) {
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined
    if (read && value !== undefined) Object.assign(patch, await read(value, name, context))
  }
  return patch as Patch
}

/** A change of one thing; none where the value was dropped. */
export function said<Patch extends object, Key extends keyof Patch>(
  key: Key,
  value: Patch[Key] | undefined,
): Patch {
  return (value === undefined ? {} : { [key]: value }) as Patch
}

type Keyed<Patch, Wanted> = {
  [Key in keyof Patch]-?: Wanted extends Patch[Key] ? Key : never
}[keyof Patch]

/** Readers for the attributes of one kind of change. */
export function readersOf<Patch extends object>() {
  return {
    text:
      (key: Keyed<Patch, string>): Reader<Patch> =>
      (value) =>
        said<Patch, typeof key>(key, coerce.text(value) as never),
    id:
      (key: Keyed<Patch, number>): Reader<Patch> =>
      (value) =>
        said<Patch, typeof key>(key, coerce.id(value) as never),
    boolean:
      (key: Keyed<Patch, boolean>): Reader<Patch> =>
      (value, name) =>
        said<Patch, typeof key>(key, booleanOf(name, value) as never),
    /** `null` and `[]` empty the association (section 9). */
    ids:
      (key: Keyed<Patch, number[]>): Reader<Patch> =>
      (value) =>
        said<Patch, typeof key>(key, coerce.ids(value) as never),
    /** `[{"id": 1, …}]` for the ids alone. */
    children:
      (key: Keyed<Patch, number[]>): Reader<Patch> =>
      (value) => {
        if (!Array.isArray(value)) return {} as Patch
        const ids = (value as readonly Value[]).map((child) => (isParams(child) ? (child.id ?? null) : child))
        return said<Patch, typeof key>(key, coerce.ids(ids) as never)
      },
  }
}
