import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An IMGAPI repository as others run one, and a slow or wrong one where a test wants that. */
export type Repository = {
  readonly url: string
  /** Adds an image; `facts` replace keys of its manifest, `text` all of it. Returns its uuid and the URL of the manifest. */
  add(options?: Offered): { readonly uuid: string; readonly manifestUrl: string; readonly sha1: string }
  /** What was asked for: `GET /images/…`, and by whom. */
  readonly asked: { readonly path: string; readonly userAgent: string }[]
  close(): Promise<void>
}

export type Offered = {
  readonly uuid?: string
  readonly facts?: Readonly<Record<string, unknown>>
  readonly text?: string
  readonly bytes?: string
  /** The file is sent only when this has settled. */
  readonly when?: Promise<unknown>
  /** The status of the file; several are those of one answer after the other, the last one of all that follow. */
  readonly fileStatus?: number | readonly number[]
  /** The manifest is found with slashes behind its URL, too. */
  readonly slashes?: boolean
}

export async function startRepository(): Promise<Repository> {
  const images = new Map<string, Offered & { manifest: string }>()
  const asked: { path: string; userAgent: string }[] = []
  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    asked.push({ path, userAgent: request.headers['user-agent'] ?? '' })
    if (path === '/images')
      return void response.end(`[${[...images.values()].map((one) => one.manifest).join()}]`)
    const [, uuid = '', file, slashes] = /^\/images\/([^/]+)(?:(\/file)|(\/+))?$/.exec(path) ?? []
    const image = images.get(uuid)
    if (!image || (slashes && !image.slashes)) return void response.writeHead(404).end('{}')
    if (!file) return void response.end(image.manifest)
    const statuses = [image.fileStatus ?? 200].flat()
    const fetched = asked.filter((one) => one.path === path).length
    response.writeHead(statuses[Math.min(fetched, statuses.length) - 1]!)
    response.flushHeaders()
    await image.when
    response.end(image.bytes ?? 'bytes')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    add(options = {}) {
      const uuid = options.uuid ?? randomUUID()
      const bytes = options.bytes ?? 'bytes'
      const sha1 = createHash('sha1').update(bytes).digest('hex')
      const manifest = {
        v: 2,
        uuid,
        owner: '00000000-0000-0000-0000-000000000000',
        name: 'base',
        version: '1.2',
        state: 'active',
        disabled: false,
        public: true,
        published_at: '2021-03-01T08:00:00.000Z',
        type: 'zvol',
        os: 'linux',
        files: [{ sha1, size: Buffer.byteLength(bytes), compression: 'none' }],
        description: 'A base image',
        nic_driver: 'virtio',
        disk_driver: 'virtio',
        cpu_type: 'host',
        image_size: 10240,
        tags: { erigones: ['web', 'linux'], resize: true, deploy: true, role: 'os' },
        ...options.facts,
      }
      images.set(uuid, { ...options, bytes, manifest: options.text ?? JSON.stringify(manifest) })
      return { uuid, manifestUrl: `${url}/images/${uuid}`, sha1 }
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
