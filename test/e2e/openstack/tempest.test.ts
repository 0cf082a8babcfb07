import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { debianPackage } from '../../support/debian.ts'
import { embeddedWorld, keystoneWorld, password, people, type World } from '../../support/openstack-world.ts'

const installed = await debianPackage('python3-tempest', 'python3-keystone')
const skip = installed ? false : 'the packages cannot be installed here'
const packages = '/usr/lib/python3/dist-packages'

/** Everything that an Imageport can be, so that no test has to be left out for want of it. */
const everything = (directory: string) => ({
  IMAGEPORT_STORE_URL: `fast=file:${join(directory, 'fast')},slow=file:${join(directory, 'slow')}`,
  IMAGEPORT_LOCATIONS: 'on',
})

/** The tests by which OpenStack says what an image service is, unmodified, with static accounts. */
describe('tempest’s tests of Images v2', { skip }, () => {
  for (const [identity, start] of [
    ['the embedded Identity', embeddedWorld],
    ['a real Keystone', keystoneWorld],
  ] as const)
    test(`with ${identity}`, async () => {
      const world = await start(everything)
      const web = createServer((_request, response) => void response.end('bytes of the web'))
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
      try {
        const { port } = web.address() as AddressInfo
        const { code, words } = await tempest(world, `http://127.0.0.1:${port}/disk.raw`)
        assert.equal(code, 0, words)
        assert.ok(Number(/^Ran (\d+) tests/m.exec(words)?.[1]) > 80, words)
        assert.deepEqual(words.match(/skipped '.*/g), [
          "skipped 'Target system is not configured with glance caching'",
        ])
      } finally {
        web.close()
        await world.close()
      }
    })
})

async function tempest(world: World, webUrl: string): Promise<{ code: number; words: string }> {
  const home = join(world.home, 'tempest')
  await mkdir(home)
  const domain = { domain_name: 'Default', user_domain_name: 'Default', project_domain_name: 'Default' }
  const accounts = (['eva', 'omar', 'root'] as const).map((username) => {
    const { project, role } = people[username]
    const isAdmin = role === 'admin'
    const roles = isAdmin
      ? { types: ['admin'], roles: ['admin', 'member', 'reader'] }
      : { roles: ['member', 'reader'] }
    return { username, password, project_name: project, ...domain, ...roles }
  })
  await writeFile(join(home, 'accounts.yaml'), JSON.stringify(accounts))
  const settings = {
    DEFAULT: { log_file: join(home, 'log') },
    oslo_concurrency: { lock_path: home },
    auth: { use_dynamic_credentials: false, test_accounts_file: join(home, 'accounts.yaml') },
    identity: { auth_version: 'v3', uri_v3: world.authUrl, region: world.region },
    'identity-feature-enabled': { api_v3: true, api_v2: false },
    service_available: { glance: true, nova: false, neutron: false, cinder: false, swift: false },
    image: {
      region: world.region,
      http_image: webUrl,
      build_timeout: 60,
      build_interval: 1,
      // Another worker of the same service, which here is the same one.
      alternate_image_endpoint: 'image',
    },
    'image-feature-enabled': { import_image: true, manage_locations: true, os_glance_reserved: true },
    validation: { run_validation: false },
    enforce_scope: { glance: true },
  }
  const sections = Object.entries(settings).map(([name, facts]) =>
    [`[${name}]`, ...Object.entries(facts).map(([key, value]) => `${key} = ${value}`), ''].join('\n'),
  )
  await writeFile(join(home, 'tempest.conf'), sections.join('\n'))
  const env = {
    PATH: '/usr/bin:/bin',
    LC_ALL: 'C.UTF-8',
    HOME: home,
    TEMPEST_CONFIG_DIR: home,
    TEMPEST_CONFIG: 'tempest.conf',
  }
  const args = ['-m', 'unittest', 'discover', '-v', '-s', `${packages}/tempest/api/image/v2`, '-t', packages]
  return new Promise((resolve) => {
    execFile('/usr/bin/python3', args, { env, cwd: home, maxBuffer: 2 ** 26 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), words: out + err }),
    )
  })
}
