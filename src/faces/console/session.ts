import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { Failure, isFailure } from '../../catalogue/failure.ts'
import type { Account } from '../../catalogue/people/users.ts'
import type { LoginLimit } from '../../http/login-limit.ts'
import { toActor } from './caller.ts'
import { read, sessionDraft } from './input.ts'
import { sameSecret } from './local-caller.ts'
import { whoami } from './whoami.ts'
import type { WireSession } from './wire.ts'

/** A session that nobody uses for so long ends. */
const idleSeconds = 8 * 60 * 60
/** A session's life is prolonged once in so many milliseconds, not with each request. */
const renewEvery = 60_000
const rememberedAtMost = 10_000

const cookieName = 'imageport_session'
const proofHeader = 'x-imageport-session'

export type SessionParts = {
  readonly catalogue: Catalogue
  readonly logins: LoginLimit
  readonly sessions: SessionReader
  readonly version: string
}

/** Signing in to the web console: a cookie that scripts cannot read, and a proof that only scripts of ours can send. */
export async function sessionRoutes(app: FastifyInstance, parts: SessionParts): Promise<void> {
  const { catalogue, logins, sessions, version } = parts

  app.post('/session', async (request, reply): Promise<WireSession> => {
    demandSameSite(request)
    const { username, password } = read(sessionDraft, request.body)
    const account = await logins.attempt(request.ip, username, () =>
      catalogue.users.byPassword(username, password),
    )
    const session = await catalogue.users.openSession(account.id, idleSeconds, 'password')
    setCookie(request, reply, session, idleSeconds)
    request.actor = toActor(account, request.id)
    return told(request.actor, catalogue.users.proofOf(session))
  })

  /** For a page that was opened anew and knows nothing but its cookie; 204: nobody is signed in. */
  app.get('/session', async (request, reply): Promise<WireSession | FastifyReply> => {
    const account = await sessions.account(request, reply).catch((error) => {
      if (isFailure(error, 'unauthenticated')) return null
      throw error
    })
    if (account === null) return reply.code(204).send()
    return told(toActor(account, request.id), sessions.proof(request)!)
  })

  app.delete('/session', async (request, reply) => {
    const session = sessionOf(request)
    if (session !== null) {
      demandProof(catalogue, request, session)
      await catalogue.users.closeSession(session)
    }
    setCookie(request, reply, '', 0)
    return reply.code(204).send()
  })

  async function told(actor: Actor, proof: string): Promise<WireSession> {
    const position = await catalogue.events.position()
    return { ...(await whoami(catalogue, actor, version)), proof, position }
  }
}

/** Who a session's cookie speaks for. */
export function sessionReader(catalogue: Catalogue) {
  const renewed = new Map<string, number>()

  return {
    /**
     * @param reply tells the browser that session and cookie live longer by this; null: they do not
     * @returns null where the request carries no session
     * @throws Failure `unauthenticated`; `forbidden` (reason `session-proof`) for a change without the proof
     */
    async account(request: FastifyRequest, reply: FastifyReply | null): Promise<Account | null> {
      const session = sessionOf(request)
      if (session === null) return null
      const account = await catalogue.users.byToken('session', session, request.ip)
      demandProof(catalogue, request, session)
      const at = Date.now()
      if (reply && (renewed.get(session) ?? 0) + renewEvery < at) {
        if (renewed.size >= rememberedAtMost) renewed.clear()
        renewed.set(session, at)
        await catalogue.users.renewSession(session, idleSeconds)
        setCookie(request, reply, session, idleSeconds)
      }
      return account
    },

    /** What scripts of ours send along with changes; null where the request carries no session. */
    proof(request: FastifyRequest): string | null {
      const session = sessionOf(request)
      return session === null ? null : catalogue.users.proofOf(session)
    },
  }
}
export type SessionReader = ReturnType<typeof sessionReader>

function sessionOf({ headers }: FastifyRequest): string | null {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === cookieName && value) return value
  }
  return null
}

/** Browsers say where a request comes from; one that another site began is none of ours. */
function demandSameSite({ headers }: FastifyRequest): void {
  const from = headers['sec-fetch-site']
  if (from === undefined || from === 'same-origin' || from === 'none') return
  throw new Failure('forbidden', 'This request was begun by another site.', { reason: 'session-proof' })
}

function demandProof(catalogue: Catalogue, request: FastifyRequest, session: string): void {
  demandSameSite(request)
  if (request.method === 'GET' || request.method === 'HEAD') return
  const given = request.headers[proofHeader]
  if (typeof given === 'string' && sameSecret(given, catalogue.users.proofOf(session))) return
  throw new Failure('forbidden', 'A change needs the proof of its session.', { reason: 'session-proof' })
}

function setCookie(request: FastifyRequest, reply: FastifyReply, value: string, seconds: number): void {
  const secure = request.protocol === 'https' ? '; Secure' : ''
  reply.header(
    'set-cookie',
    `${cookieName}=${value}; Path=/ui; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`,
  )
}
