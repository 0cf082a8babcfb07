import { isIPv4 } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Gauge } from 'prom-client'
import { readinessOf } from '../../catalogue/readiness.ts'
import type { Face } from '../../http/face.ts'
import type { Metrics } from '../../http/metrics.ts'
import { openApiDocument } from '../../http/openapi-document.ts'
import { installationGauges } from './gauges.ts'
import { security } from './security.ts'

export type OperationsOptions = {
  /** Who may read `/metrics`; `local`: callers on this machine's loopback addresses that no proxy forwards. */
  readonly metrics: 'local' | 'public' | 'off'
  readonly measured: Metrics
}

const paths = new Set(['/healthz', '/readyz', '/metrics', '/openapi.json'])

/** What operators and their machines ask (one-catalogue.md section 1): health, readiness, metrics, the API document. */
export function operationsFace({ metrics, measured }: OperationsOptions): Face {
  return {
    name: 'operations',
    owns: (path) => paths.has(path.replace(/\/+$/, '')),
    notFound,

    async routes(app, { catalogue, origin, installation }) {
      const readiness = readinessOf(catalogue, (part, error) => {
        if (error) app.log.error({ err: error, part }, 'a part cannot be used')
        else app.log.info({ part }, 'the part can be used again')
      })
      let stopping = false
      app.addHook('preClose', async () => {
        stopping = true
      })
      const config = { open: true, unlimited: true }

      const alive = { 200: 'The process lives.' }
      app.get('/healthz', { config: { ...config, summary: 'Is it alive?', answers: alive } }, async () => ({
        status: 'ok',
      }))

      const ready = { 200: 'Every part works.', 503: 'A part cannot be used, or the server is stopping.' }
      app.get(
        '/readyz',
        { config: { ...config, summary: 'Can it work?', answers: ready } },
        async (_request, reply) => {
          if (stopping) return reply.code(503).send({ status: 'stopping' })
          const found = await readiness()
          const well = [...found.values()].every(Boolean)
          const parts = Object.fromEntries(
            [...found].map(([part, works]) => [part, works ? 'ok' : 'unavailable']),
          )
          return reply.code(well ? 200 : 503).send({ status: well ? 'ok' : 'unavailable', parts })
        },
      )

      if (metrics !== 'off') {
        const fill = installationGauges(measured.installation, catalogue, readiness)
        new Gauge({
          name: 'imageport_transfers_running',
          help: 'Uploads and imports that this process is receiving now.',
          registers: [measured.process],
          collect() {
            this.set(catalogue.bytes.running())
          },
        })
        new Gauge({
          name: 'imageport_build_info',
          help: 'Always 1; the label tells the version.',
          labelNames: ['version'],
          registers: [measured.process],
        }).set({ version: installation.version }, 1)

        const told = { 200: { text: 'Prometheus text format.', type: 'text/plain' }, 403: 'Not from here.' }
        app.get(
          '/metrics',
          { config: { ...config, summary: 'Numbers for Prometheus', answers: told } },
          async (request, reply) => {
            if (metrics === 'local' && !isLocal(request)) {
              const error =
                'Metrics are only for this machine. The setting IMAGEPORT_METRICS=public opens them to everybody.'
              return reply.code(403).send({ error })
            }
            await fill()
            return reply.header('content-type', measured.contentType).send(await measured.text())
          },
        )
      }

      let document: object | undefined
      const described = { 200: { text: 'An OpenAPI 3.1 document.', type: 'application/json' } }
      app.get(
        '/openapi.json',
        { config: { open: true, summary: 'This document', answers: described } },
        async (request) => {
          const facts = { title: 'Imageport', version: installation.version, security }
          document ??= openApiDocument(app.routeTable, facts)
          return { ...document, servers: [{ url: origin(request) }] }
        },
      )
    },
  }
}

function notFound(request: FastifyRequest, reply: FastifyReply): unknown {
  const path = request.url.split('?', 1)[0]!.replace(/\/+$/, '')
  const exists = request.server.hasRoute({ method: 'GET', url: path })
  if (exists) return reply.code(405).header('allow', 'GET, HEAD').send({ error: 'Method Not Allowed' })
  return reply.code(404).send({ error: 'Not Found' })
}

/** Headers that only proxies add: behind one on this machine, everybody seems to be local. */
const forwarding = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
]

function isLocal({ raw }: FastifyRequest): boolean {
  if (forwarding.some((name) => raw.headers[name] !== undefined)) return false
  const address = (raw.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}
