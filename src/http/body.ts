import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** The media type of a header in lower case, without parameters; empty when there is none. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

export function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

export type BodyLimits = {
  /** Bytes. */
  readonly most: number
  /** What is thrown when there are more. */
  readonly tooLarge: () => Error
  /** What is thrown when the client goes away; by default what Node says. */
  readonly interrupted?: (cause: unknown) => Error
}

/** A whole body of bounded size, for documents; image data is streamed. The request stays open for an answer. */
export async function readBytes(raw: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const { most, tooLarge, interrupted } = limits
  const chunks: Buffer[] = []
  let size = 0
  try {
    // Without destroying the request, whose connection a refusal still needs.
    for await (const chunk of raw.iterator({ destroyOnReturn: false })) {
      size += chunk.length
      if (size > most) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw interrupted?.(error) ?? error
  }
  if (size > most) throw tooLarge()
  return Buffer.concat(chunks)
}

/** UTF-8 and nothing else. @throws SyntaxError, TypeError */
export function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}
