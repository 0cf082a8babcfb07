import type { FastifyInstance } from 'fastify'
import type { Parts } from '../../http/face.ts'
import type { LoginLimit } from '../../http/login-limit.ts'
import { credentialRoutes } from './credentials.ts'
import { groupRoutes } from './groups.ts'
import { meRoutes } from './me.ts'
import { projectRoutes } from './projects.ts'
import { userRoutes } from './users.ts'

/** Everything about people: the caller, users and what they give to programs, groups, projects. */
export async function peopleRoutes(
  app: FastifyInstance,
  parts: Parts,
  options: { readonly logins: LoginLimit; readonly identity: string | null },
): Promise<void> {
  const { catalogue } = parts
  await meRoutes(app, parts, options)
  await userRoutes(app, catalogue)
  await credentialRoutes(app, catalogue)
  await groupRoutes(app, catalogue)
  await projectRoutes(app, catalogue)
}
