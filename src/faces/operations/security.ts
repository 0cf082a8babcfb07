import type { DocumentFacts } from '../../http/openapi-document.ts'

const header = (name: string, description: string) =>
  ({ type: 'apiKey', in: 'header', name, description }) as const
const basic = { type: 'http', scheme: 'basic' } as const

/** How callers of each face say who they are: foreman.md 8.1, danube.md 5.1, onecloudplanet.md 3, glance.md 1. */
export const security: DocumentFacts['security'] = {
  console: { password: basic, token: { type: 'http', scheme: 'bearer' } },
  danube: {
    token: header('Authorization', 'The word `Token`, a space and a session token.'),
    key: header('ES-API-KEY', 'An API key.'),
  },
  foreman: {
    password: { ...basic, description: 'Login and password, or login and personal access token.' },
    session: { type: 'apiKey', in: 'cookie', name: '_session_id' },
  },
  glance: { token: header('X-Auth-Token', 'A token of the Identity service.') },
  identity: { token: header('X-Auth-Token', 'A token of the Identity service.') },
  imgapi: {},
  onecloudplanet: {
    token: header('Authorization', 'The word `OpenAPIToken` or `Token`, a space and the token.'),
  },
  operations: {},
}
