import { openBody } from '../../http/receive.ts'
import { announcedSize, dataOf, demandData } from './data.ts'
import { Refusal } from './failures.ts'
import { type Answer, type Context, noContent, type Route } from './route.ts'

/** glance.md 13.1: bytes that wait for `POST import`. */
async function stage(context: Context): Promise<Answer> {
  const { parts, actor, param, request, reply } = context
  if (!parts.catalogue.storeImports.methods.includes('glance-direct'))
    throw new Refusal(404, "'glance-direct' method is not available at this site.")
  demandData(context)
  await parts.catalogue.bytes.receive(actor, param('image'), dataOf(context), {
    during: 'uploading',
    keep: 'staged',
    staged: 'once',
    formats: 'later',
    fallback: 'queued',
    announced: announcedSize(context),
    begun: () => void openBody(request, reply),
  })
  return noContent
}

export const stageRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: '/images/:image/stage',
    summary: 'Uploads bytes that wait to be imported',
    policy: 'modify_image',
    body: 'bytes',
    handle: stage,
  },
]
