import type { FastifyRequest } from 'fastify'

/** What may stand in a link: a name, an IPv4 address or an IPv6 address in brackets, and a port. */
const hostPattern = /^(?:[a-z0-9._-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i

/**
 * The origin for absolute links: the public URL where one is set, else as the client asked. Fastify reads the
 * forwarding headers of trusted proxies only; what they and Host say is still a stranger's text, so that anything but a
 * plain host and port is replaced by the address that the connection came in on.
 */
export function originOf(publicUrl: string | null): (request: FastifyRequest) => string {
  return (request) => {
    if (publicUrl !== null) return publicUrl
    const scheme = request.protocol === 'https' ? 'https' : 'http'
    return `${scheme}://${hostPattern.test(request.host) ? request.host : localAddress(request)}`
  }
}

function localAddress({ socket }: FastifyRequest): string {
  const { localAddress: address = 'localhost', localPort: port = 80, localFamily: family } = socket
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}
