import cluster from 'node:cluster'
import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { RequestObserver } from './observe.ts'

export type Metrics = {
  readonly observer: RequestObserver
  /** Facts of this process; each sample is labelled `process`. */
  readonly process: Registry
  /** Facts of the installation, which every process tells alike. */
  readonly installation: Registry
  /** Everything in the text format of Prometheus. */
  text(): Promise<string>
  readonly contentType: string
}

/** Seconds: from answers out of memory to downloads of whole disks. */
const buckets = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600]

// Workers share a port, so a scrape reaches any of them; the label keeps their counters apart.
const processLabel = { process: String(cluster.worker?.id ?? 0) }

let runtime: Registry | undefined
/** CPU, memory, garbage collection and event-loop lag. They belong to the process and cannot be measured twice. */
function runtimeRegistry(): Registry {
  if (!runtime) {
    runtime = new Registry()
    collectDefaultMetrics({ register: runtime, labels: processLabel })
  }
  return runtime
}

/** Counts requests and bytes (design.md section 12: prom-client). */
export function createMetrics(): Metrics {
  const own = new Registry()
  own.setDefaultLabels(processLabel)
  const installation = new Registry()
  const registers = [own]
  const byRoute = ['face', 'method', 'route', 'status'] as const
  const requests = new Counter({
    name: 'imageport_http_requests_total',
    help: 'Answered requests.',
    labelNames: byRoute,
    registers,
  })
  const durations = new Histogram({
    name: 'imageport_http_request_duration_seconds',
    help: 'Time from the headers of a request to the last byte of its answer.',
    labelNames: byRoute,
    buckets,
    registers,
  })
  const flow = (direction: string) =>
    new Counter({
      name: `imageport_http_${direction}_bytes_total`,
      help: `Bytes ${direction} on connections of clients, headers included.`,
      labelNames: ['face'],
      registers,
    })
  const received = flow('received')
  const sent = flow('sent')

  const underWay = new Set<FastifyRequest>()
  new Gauge({
    name: 'imageport_http_requests_in_flight',
    help: 'Requests that are being answered now.',
    registers,
    collect() {
      this.set(underWay.size)
    },
  })

  // Connections count their bytes themselves; what was attributed to earlier requests is remembered here.
  const attributed = new WeakMap<Socket, { read: number; written: number }>()
  function attribute({ raw, face }: FastifyRequest): void {
    const { socket } = raw
    const before = attributed.get(socket) ?? { read: 0, written: 0 }
    // A request that was injected by a test has no real connection.
    const now = { read: socket.bytesRead ?? 0, written: socket.bytesWritten ?? 0 }
    attributed.set(socket, now)
    received.inc({ face }, Math.max(0, now.read - before.read))
    sent.inc({ face }, Math.max(0, now.written - before.written))
  }

  // Finding a series by its labels costs more than counting; there are as many as routes and outcomes.
  const series = new Map<string, { count: Counter.Internal; duration: Histogram.Internal<string> }>()
  function seriesOf(...values: [face: string, method: string, route: string, status: string]) {
    const key = values.join(' ')
    let found = series.get(key)
    if (!found) {
      found = { count: requests.labels(...values), duration: durations.labels(...values) }
      series.set(key, found)
    }
    return found
  }

  return {
    observer: {
      begun(request) {
        underWay.add(request)
      },
      ended(request, { status, seconds }) {
        underWay.delete(request)
        attribute(request)
        // The pattern, never the path: anybody could make up paths until the memory is full.
        const route = request.routeOptions.url ?? 'none'
        const { count, duration } = seriesOf(
          request.face,
          request.method,
          route,
          `${Math.floor(status / 100)}xx`,
        )
        count.inc()
        duration.observe(seconds)
      },
    },
    process: own,
    installation,
    contentType: own.contentType,

    async text() {
      // Long transfers are counted while they run and not in one leap at their end.
      for (const request of underWay) attribute(request)
      const parts = [own, installation, runtimeRegistry()].map((registry) => registry.metrics())
      return (await Promise.all(parts)).join('\n')
    },
  }
}
