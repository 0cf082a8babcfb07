import assert from 'node:assert/strict'

/** One message of `text/event-stream`. */
export type StreamMessage = {
  readonly name: string
  readonly id: string | undefined
  readonly data: unknown
}

export type EventStream = {
  readonly status: number
  readonly headers: Headers
  /** The next message with data; null at the end of the stream. */
  next(): Promise<StreamMessage | null>
  /** The id that was told last, as a browser would send it when it comes back. */
  lastId(): string | undefined
  close(): void
}

/** Reads a stream of events as browsers do. */
export async function openEventStream(url: string, headers: Record<string, string>): Promise<EventStream> {
  const ended = new AbortController()
  const response = await fetch(url, { headers, signal: ended.signal })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let lastId: string | undefined

  async function next(): Promise<StreamMessage | null> {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end < 0) {
        const { done, value } = await reader.read()
        if (done) return null
        text += value
        continue
      }
      const message = parse(text.slice(0, end))
      text = text.slice(end + 2)
      lastId = message.id ?? lastId
      if (message.data !== undefined) return message
    }
  }

  return {
    status: response.status,
    headers: response.headers,
    next,
    lastId: () => lastId,
    close: () => ended.abort(),
  }
}

function parse(block: string): StreamMessage {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const [, name, value] =
      /^([a-z]*): ?(.*)$/.exec(line) ?? assert.fail(`no line of an event stream: ${line}`)
    if (name !== '') fields.set(name!, value!)
  }
  const data = fields.get('data')
  return {
    name: fields.get('event') ?? 'message',
    id: fields.get('id'),
    data: data === undefined ? undefined : JSON.parse(data),
  }
}
