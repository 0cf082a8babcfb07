import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { applyQuery, read } from './input.ts'
import { toWireApplied, toWireTask } from './shapes.ts'

/** The two big works of administrators: verifying all bytes and applying a bootstrap file. */
export async function workRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { tasks } = catalogue

  app.post('/verify', async ({ actor }, reply) => {
    const id = await catalogue.verification.begin(actor)
    reply.code(202)
    return toWireTask(await tasks.view(actor, id))
  })

  await app.register(async (scope) => {
    // YAML or JSON, whatever the type says: the file is read as it is, so that complaints can name its lines.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))

    scope.post('/apply', async ({ actor, query, body }) => {
      const { file } = read(applyQuery, query)
      const text = typeof body === 'string' ? body : ''
      return toWireApplied(await catalogue.directory.apply(actor, text, file))
    })
  })
}
