import { fileURLToPath } from 'node:url'
import { consoleFace } from '../faces/console/index.ts'
import { danubeFace } from '../faces/danube/index.ts'
import { foremanFace } from '../faces/foreman/index.ts'
import { glanceFace } from '../faces/glance/index.ts'
import { identityFace } from '../faces/identity/index.ts'
import { imgapiFace } from '../faces/imgapi/index.ts'
import { onecloudplanet } from '../faces/onecloudplanet/index.ts'
import { operationsFace } from '../faces/operations/index.ts'
import type { Face } from '../http/face.ts'
import { createMetrics, type Metrics } from '../http/metrics.ts'
import { listSettings, type Settings } from '../settings.ts'
import { localToken } from './secret-file.ts'

/** Where `bin/install.js` has the web console built. */
const builtConsole = fileURLToPath(new URL('../../web/dist', import.meta.url))

/** The faces this installation serves, and what measures them. */
export async function facesOf(settings: Settings): Promise<{ faces: readonly Face[]; measured: Metrics }> {
  const measured = createMetrics()
  const faces = [
    operationsFace({ metrics: settings.metrics, measured }),
    onecloudplanet,
    // Before Foreman, which owns what is left of /api.
    danubeFace({ tokenSeconds: settings.tokenSeconds }),
    foremanFace(),
    imgapiFace({ channels: settings.imgapiChannels, privateNetworks: settings.imgapiPrivate }),
    ...(settings.identity === 'embedded' && settings.keystoneUrl === null
      ? [identityFace({ tokenSeconds: settings.tokenSeconds })]
      : []),
    consoleFace({
      localToken: await localToken(settings.dataDir),
      pages: builtConsole,
      settings: listSettings(settings),
      identity: identityOf(settings),
    }),
    // The last: paths that nobody owns name a version of its wire that there is not.
    glanceFace({
      identityUrl: settings.keystonePublicUrl ?? settings.keystoneUrl,
      locations: settings.locations,
      identityOff: settings.identity === 'off' && settings.keystoneUrl === null,
    }),
  ]
  return { faces, measured }
}

/** Where OpenStack's clients get tokens: an external Keystone's URL, or the path of the embedded Identity. */
function identityOf({ identity, keystoneUrl, keystonePublicUrl }: Settings): string | null {
  return keystonePublicUrl ?? keystoneUrl ?? (identity === 'embedded' ? '/identity/v3' : null)
}
