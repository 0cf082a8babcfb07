import type { AccessRule } from '../../../keystone/token.ts'

/** What a request asks of this service. */
export type Asked = { readonly method: string; readonly path: string }

/** Do the rules of an application credential allow the request? (glance.md section 26, step 6) */
export function isAllowed(rules: readonly AccessRule[], { method, path }: Asked): boolean {
  return rules.some(
    (rule) =>
      rule.service === 'image' &&
      rule.method === method &&
      rule.path !== null &&
      matchesPath(rule.path, path),
  )
}

/** `**`: anything; `*` and `{name}`: part of one segment, not empty; the rest: itself. */
const pieces = /\*\*|\*|\{[^}]*\}|[^*{]|\{/g

/**
 * Does the path fit the pattern? Patterns are their users' own, so the time is bounded by the product of the two lengths:
 * every piece is tried at all places at once.
 */
export function matchesPath(pattern: string, path: string): boolean {
  // How much of the path the pieces so far can have taken, as flags by length.
  let taken = new Uint8Array(path.length + 1)
  taken[0] = 1
  for (const piece of pattern.match(pieces) ?? []) {
    const next = new Uint8Array(path.length + 1)
    for (let at = 0; at <= path.length; at++) {
      if (piece === '**') next[at] = taken[at]! | (at > 0 ? next[at - 1]! : 0)
      else if (at === 0) continue
      else if (piece === '*' || piece.length > 1)
        next[at] = path[at - 1] === '/' ? 0 : taken[at - 1]! | next[at - 1]!
      else next[at] = path[at - 1] === piece ? taken[at - 1]! : 0
    }
    taken = next
  }
  return taken[path.length] === 1
}
