import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { FileServer } from './file-server.ts'

/** A file of which another server sends only as much as it is told to. */
export type SlowFile = {
  readonly url: string
  /** Sends all up to this part of it, from 0 to 1. */
  send(part: number): Promise<void>
}

/** Bytes of the piece that comes last, and a little later: progress is told as bytes come, and a few times a second. */
const lastPiece = 4096
const later = 300

/** Puts a file of so many bytes, which look like no disk image, behind a path of the server. */
export function slowFile(server: FileServer, path: string, size: number): SlowFile {
  const wanted = Promise.withResolvers<ServerResponse>()
  let isLooked = false
  let sent = 0
  server.files.set(path, (_request, response) => {
    response.writeHead(200, { 'content-length': size })
    response.flushHeaders()
    // Whoever imports first looks at what the answer says, and then asks for the bytes.
    if (isLooked) wanted.resolve(response)
    isLooked = true
  })

  async function write(upTo: number): Promise<void> {
    const response = await wanted.promise
    const more = Buffer.alloc(upTo - sent, 'not a disk image ')
    sent = upTo
    if (!response.write(more)) await once(response, 'drain')
    if (sent === size) response.end()
  }

  return {
    url: `${server.url}${path}`,
    async send(part) {
      const upTo = Math.round(size * part)
      await write(upTo - lastPiece)
      await pause(later)
      await write(upTo)
    },
  }
}
