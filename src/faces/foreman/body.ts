import type { IncomingMessage } from 'node:http'
import { mediaType, parseJson, readBytes } from '../../http/body.ts'
import { malformedJson, refuse } from './failures.ts'
import { isParams, type Params, parseQuery } from './params.ts'

/** The largest body; bytes. */
const largest = 1024 * 1024

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
  const bytes = await readBytes(open(), {
    most: largest,
    tooLarge: () => refuse(413, `The request body is larger than ${largest} bytes.`),
  })
  if (type !== 'application/json') return parseQuery(bytes.toString('utf8'))
  if (bytes.length === 0) return {}
  const value = json(bytes)
  return isParams(value) ? value : {}
}

function json(bytes: Buffer): unknown {
  try {
    return parseJson(bytes)
  } catch (error) {
    throw malformedJson((error as Error).message)
  }
}
