import type { IncomingMessage } from 'node:http'
import { malformedJson, refuse } from './failures.ts'
import { isParams, type Params, parseQuery } from './params.ts'

/** The largest body; bytes. */
const largest = 1024 * 1024

/** The media type of a header in lower case, without parameters. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

export function hasBody(headers: IncomingMessage['headers']): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * The parameters in a body: JSON, or a form as browsers send it. JSON that is no object, and any other type, count as
 * none (foreman.md 3.1, 3.2).
 * @throws Refusal 400 for what is no JSON, 413
 */
export async function readBody(
  contentType: string | undefined,
  open: () => IncomingMessage,
): Promise<Params> {
  const type = mediaType(contentType)
  if (type !== 'application/json' && type !== 'application/x-www-form-urlencoded') return {}
  const bytes = await readAll(open())
  if (type !== 'application/json') return parseQuery(bytes.toString('utf8'))
  if (bytes.length === 0) return {}
  const value = parseJson(bytes)
  return isParams(value) ? value : {}
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw malformedJson((error as Error).message)
  }
}

async function readAll(raw: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  // Without destroying the request, whose connection the refusal below still needs.
  for await (const chunk of raw.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > largest) throw refuse(413, `The request body is larger than ${largest} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
