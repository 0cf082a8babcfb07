import ipaddr from 'ipaddr.js'
import { Failure } from '../failure.ts'

/** @throws Failure `invalid` (field `networks`) unless each is an address or CIDR. */
export function demandNetworks(networks: readonly string[]): void {
  const wrong = networks.find((text) => !ipaddr.isValidCIDR(text) && !ipaddr.isValid(text))
  if (wrong === undefined) return
  const message = `"${wrong}" is neither an address nor a CIDR.`
  throw new Failure('invalid', message, { subject: 'token', fields: { networks: [message] } })
}

/** Is the address in one of the networks? What is no address is in none. */
export function isInside(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false
  // Foreman's sessions are bound to the one address they came from, and asked for it with every request.
  if (networks.includes(address)) return true
  const asked = ipaddr.process(address)
  return networks.some((text) => {
    const [network, bits] = ipaddr.isValidCIDR(text)
      ? ipaddr.parseCIDR(text)
      : ([ipaddr.process(text), asked.toByteArray().length * 8] as const)
    return network.kind() === asked.kind() && asked.match(network, bits)
  })
}
