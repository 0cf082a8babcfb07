import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { skipBrowser, startBrowser, type View, type Visitor, visit } from './browser.ts'
import { type Imageport, place, startImageport } from './imageport.ts'

export const admin = { username: 'admin', password: 'admin-password' } as const

export type ConsoleWorld = {
  readonly server: Imageport
  readonly browser: Browser
  /** Somebody with a browser of its own, signed in as the administrator unless said; closed after the suite. */
  visitor(
    view?: View,
    who?: { readonly username: string; readonly password: string } | null,
  ): Promise<Visitor>
  /** A request of the console's own API, as the administrator: how tests arrange things. */
  api(method: string, path: string, body?: unknown): Promise<unknown>
}

/**
 * Declares a suite in real Chromium against a real Imageport, whose console has been built (`npm test` does). The pages
 * of every visitor must not have told of any problem at the end. Skipped, loudly, where Chromium cannot be installed.
 */
export function describeConsole(
  name: string,
  suite: (world: () => ConsoleWorld) => void,
  env: NodeJS.ProcessEnv = {},
): void {
  describe(name, { skip: skipBrowser }, () => {
    let world: ConsoleWorld | undefined
    const visitors: Visitor[] = []
    const closers: (() => Promise<unknown>)[] = []

    before(async () => {
      const browser = await startBrowser()
      closers.push(() => browser.close())
      const where = await place()
      closers.push(() => where.remove())
      const server = await startImageport(where.dataDir, env)
      closers.push(() => server.stop())
      const credentials = Buffer.from(`${admin.username}:${admin.password}`).toString('base64')
      world = {
        server,
        browser,
        async visitor(view = {}, who = admin) {
          const visitor = await visit(browser, server.url, view)
          visitors.push(visitor)
          if (who) await visitor.signIn(who.username, who.password)
          return visitor
        },
        async api(method, path, body) {
          const response = await fetch(`${server.url}/ui/api/v1${path}`, {
            method,
            headers: {
              authorization: `Basic ${credentials}`,
              ...(body instanceof Uint8Array
                ? { 'content-type': 'application/octet-stream' }
                : body === undefined
                  ? {}
                  : { 'content-type': 'application/json' }),
            },
            ...(body === undefined
              ? {}
              : { body: body instanceof Uint8Array ? (body as never) : JSON.stringify(body) }),
          })
          const text = await response.text()
          assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
          return text === '' ? undefined : JSON.parse(text)
        },
      }
    })

    after(async () => {
      for (const close of closers.reverse()) await close()
    })

    suite(() => world!)

    test('no page told of a problem', () => {
      assert.deepEqual(
        visitors.flatMap(({ problems }) => problems),
        [],
      )
    })
  })
}
