import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import {
  describeSettings,
  listSettings,
  loadSettings,
  SettingsError,
  settingVariables,
} from '../src/settings.ts'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A working directory with the given files. */
function place(files: Record<string, string> = {}): string {
  const cwd = mkdtempSync(join(tmpdir(), 'imageport-settings-'))
  folders.push(cwd)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true })
    writeFileSync(join(cwd, name), content)
  }
  return cwd
}

function load(env: NodeJS.ProcessEnv = {}, cwd = place()) {
  return loadSettings(env, { cwd })
}

function problemsOf(env: NodeJS.ProcessEnv, cwd = place()): readonly string[] {
  try {
    loadSettings(env, { cwd })
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error))
    assert.equal(error.message, error.problems.join('\n'))
    return error.problems
  }
  assert.fail('the settings were accepted')
}

describe('settings', () => {
  test('defaults need neither variables nor files', () => {
    const cwd = place()
    const settings = load({ PATH: '/bin', HOME: '/' }, cwd)
    const data = join(cwd, 'data')
    assert.deepEqual(
      { ...settings },
      {
        host: '127.0.0.1',
        port: 8080,
        publicUrl: null,
        trustedProxies: [],
        workers: 1,
        shutdownSeconds: 30,
        idleSeconds: 120,
        logLevel: 'info',
        metrics: 'local',
        dataDir: data,
        secretFile: join(data, 'secret.key'),
        databaseUrl: `sqlite:${data}/imageport.sqlite`,
        sqliteSynchronous: 'full',
        databasePool: 10,
        storeUrl: [{ name: 'default', type: 'file', directory: join(data, 'blobs'), readOnly: false }],
        freeSpaceFloor: 67_108_864,
        disksDir: null,
        maxImageSize: null,
        maxUploads: 32,
        quotaBytes: null,
        quotaImages: null,
        quotaStagedBytes: null,
        quotaUploads: null,
        rateLimit: null,
        adminPassword: null,
        identity: 'embedded',
        tokenSeconds: 3600,
        keystoneUrl: null,
        keystonePublicUrl: null,
        keystoneUsername: null,
        keystonePassword: null,
        keystoneProject: null,
        keystoneUserDomain: 'Default',
        keystoneProjectDomain: 'Default',
        keystoneCa: null,
        keystoneTimeoutSeconds: 10,
        keystoneCacheSeconds: 300,
        importAllow: '',
        importMethods: ['glance-direct', 'web-download', 'glance-download', 'copy-image'],
        formatCheck: 'refuse',
        locations: false,
        imgapiChannels: [],
        imgapiPrivate: [],
        ocpFeaturesOff: [],
        cleanupEnabled: false,
        cleanupDays: 14,
        cleanupFormats: ['ami', 'ari', 'aki', 'vhd', 'vmdk', 'raw', 'qcow2', 'vdi', 'iso'],
        settingsFile: null,
        found: {},
      },
    )
    assert.ok(Object.isFrozen(settings))
  })

  const accepted: [variable: string, text: string, key: string, value: unknown][] = [
    ['HOST', '::', 'host', '::'],
    ['HOST', '[::1]', 'host', '::1'],
    ['HOST', 'images.example.org', 'host', 'images.example.org'],
    ['PORT', '0', 'port', 0],
    ['PORT', '', 'port', 8080],
    ['PORT', ' 9292 ', 'port', 9292],
    ['PUBLIC_URL', 'https://Images.Example.org:8443/', 'publicUrl', 'https://images.example.org:8443'],
    [
      'TRUSTED_PROXIES',
      '127.0.0.1, 10.0.0.0/8,::1,fd00::/8',
      'trustedProxies',
      ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'],
    ],
    ['TRUSTED_PROXIES', 'none', 'trustedProxies', []],
    ['DATABASE_URL', 'sqlite::memory:', 'databaseUrl', 'sqlite::memory:'],
    ['DATABASE_URL', 'sqlite:///srv/i.db', 'databaseUrl', 'sqlite:/srv/i.db'],
    ['DATABASE_URL', 'postgres:///images?host=/run/pg', 'databaseUrl', 'postgres:///images?host=/run/pg'],
    ['FREE_SPACE_FLOOR', '0', 'freeSpaceFloor', 0],
    ['MAX_IMAGE_SIZE', '2TB', 'maxImageSize', 2 * 1024 ** 4],
    ['MAX_IMAGE_SIZE', '1 gb', 'maxImageSize', 1024 ** 3],
    ['MAX_IMAGE_SIZE', '4096', 'maxImageSize', 4096],
    ['MAX_IMAGE_SIZE', 'none', 'maxImageSize', null],
    ['QUOTA_BYTES', '1KB', 'quotaBytes', 1024],
    ['QUOTA_IMAGES', '0', 'quotaImages', 0],
    ['QUOTA_STAGED_BYTES', '2MB', 'quotaStagedBytes', 2 * 1024 ** 2],
    ['QUOTA_UPLOADS', 'none', 'quotaUploads', null],
    ['RATE_LIMIT', 'off', 'rateLimit', null],
    ['RATE_LIMIT', '45', 'rateLimit', 45],
    ['IMPORT_ALLOW', '10.0.0.0/8,mirror.lan:8080', 'importAllow', '10.0.0.0/8,mirror.lan:8080'],
    ['IMPORT_METHODS', 'web-download', 'importMethods', ['web-download']],
    ['IMPORT_METHODS', 'none', 'importMethods', []],
    ['LOCATIONS', 'on', 'locations', true],
    ['LOCATIONS', 'FALSE', 'locations', false],
    ['IMGAPI_CHANNELS', 'release,dev', 'imgapiChannels', ['release', 'dev']],
    ['IMGAPI_CHANNELS', 'off', 'imgapiChannels', []],
    ['DISKS_DIR', '/srv/disks', 'disksDir', '/srv/disks'],
    ['DISKS_DIR', 'off', 'disksDir', null],
    ['OCP_FEATURES_OFF', 'openstack.images.copy', 'ocpFeaturesOff', ['openstack.images.copy']],
    ['ADMIN_PASSWORD', '0123', 'adminPassword', '0123'],
  ]
  for (const [variable, text, key, value] of accepted) {
    test(`IMAGEPORT_${variable}=${text}`, () => {
      const settings: Readonly<Record<string, unknown>> = load({ [`IMAGEPORT_${variable}`]: text })
      assert.deepEqual(settings[key], value)
    })
  }

  const refused: [variable: string, text: string, says: RegExp][] = [
    ['HOST', 'http://x', /an address or a host name, without scheme and port, not "http:\/\/x"$/],
    ['HOST', 'x:80', /without scheme and port/],
    ['HOST', '127.1', /an address or a host name/],
    ['PORT', 'http', /a whole number from 0 to 65535, not "http"$/],
    ['PORT', '65536', /from 0 to 65535/],
    ['PORT', '-1', /from 0 to 65535/],
    ['PORT', '0x50', /from 0 to 65535/],
    ['PUBLIC_URL', 'https://a.example/images', /an origin without a path, as in https:\/\/a\.example /],
    ['PUBLIC_URL', 'a.example', /an http or https URL/],
    ['PUBLIC_URL', 'https://a.example/?x=1', /without user, query and fragment/],
    ['TRUSTED_PROXIES', '10.0.0.0/33', /addresses and CIDRs/],
    ['TRUSTED_PROXIES', 'proxy.example.org', /addresses and CIDRs/],
    ['TRUSTED_PROXIES', '10.1', /addresses and CIDRs/],
    ['TRUSTED_PROXIES', '::1,::1', /a list without repetitions/],
    ['IMGAPI_PRIVATE', '10.0.0.0/8/8', /addresses and CIDRs/],
    ['DATABASE_URL', 'mysql://x', /sqlite:\/a\/file or postgres:/],
    ['DATABASE_URL', 'sqlite:', /sqlite:\/a\/file or postgres:/],
    ['STORE_URL', '/srv/blobs', /it begins with file: or s3:/],
    ['STORE_URL', 'a=file:/x,a=file:/y', /two stores are named a/],
    ['STORE_URL', 's3://b?colour=red', /there is no parameter colour/],
    ['MAX_IMAGE_SIZE', '5XB', /none or a number of bytes of at least 1, as in/],
    ['MAX_IMAGE_SIZE', '0', /at least 1/],
    ['MAX_IMAGE_SIZE', '1.5GB', /a number of bytes/],
    ['FREE_SPACE_FLOOR', '99999999TB', /a number of bytes/],
    ['WORKERS', '0', /from 1 to 256/],
    ['IMPORT_ALLOW', 'a b', /addresses, CIDRs and host names/],
    [
      'IMPORT_METHODS',
      'ftp',
      /a list out of glance-direct, web-download, glance-download, copy-image, or none/,
    ],
    ['FORMAT_CHECK', 'Refuse', /one of refuse, warn, not "Refuse"$/],
    ['LOCATIONS', 'maybe', /on or off, not "maybe"$/],
    ['IMGAPI_CHANNELS', 'a b', /channel names/],
    ['CLEANUP_FORMATS', 'raw,floppy', /a list out of ami, /],
    ['OCP_FEATURES_OFF', 'copy', /openstack\.images\.copy/],
    ['KEYSTONE_PASSWORD', 'geheim', /is of no use without the Keystone URL$/],
    ['KEYSTONE_CA', 'ca.pem', /is of no use without the Keystone URL$/],
    ['KEYSTONE_PUBLIC_URL', 'https://keystone.example', /is of no use without the Keystone URL$/],
    ['KEYSTONE_TIMEOUT_SECONDS', '0', /from 1 to 300/],
  ]
  for (const [variable, text, says] of refused) {
    test(`IMAGEPORT_${variable}=${text} is refused`, () => {
      const problems = problemsOf({ [`IMAGEPORT_${variable}`]: text })
      assert.equal(problems.length, 1)
      assert.ok(problems[0]!.startsWith(`IMAGEPORT_${variable}: `), problems[0] ?? '')
      assert.match(problems[0]!, says)
    })
  }

  test('a name that is no setting is refused, with the one that was probably meant', () => {
    assert.deepEqual(problemsOf({ IMAGEPORT_PROT: '1' }), [
      'IMAGEPORT_PROT: there is no such setting; did you mean IMAGEPORT_PORT?',
    ])
    assert.deepEqual(problemsOf({ IMAGEPORT_COFFEE_MACHINE: '' }), [
      'IMAGEPORT_COFFEE_MACHINE: there is no such setting',
    ])
  })

  test('variables of the command line and of tests are left to them', () => {
    load({ IMAGEPORT_URL: 'x', IMAGEPORT_USERNAME: 'x', IMAGEPORT_PASSWORD: 'x', IMAGEPORT_TOKEN: 'x' })
    load({ IMAGEPORT_ALLOW_SKIPS: '1', IMAGEPORT_TEST_POSTGRES: 'x' })
  })

  test('several problems are listed together', () => {
    const problems = problemsOf({ IMAGEPORT_PORT: 'x', IMAGEPORT_HOST: '/', IMAGEPORT_NOPE: '1' })
    assert.deepEqual(problems.map((problem) => problem.split(':')[0]).sort(), [
      'IMAGEPORT_HOST',
      'IMAGEPORT_NOPE',
      'IMAGEPORT_PORT',
    ])
  })

  test('secrets are not repeated in messages', () => {
    const env = {
      IMAGEPORT_DATABASE_URL: 'postgress://user:geheim@host/db',
      IMAGEPORT_STORE_URL: 's3://bucket?secretKey=geheim&colour=red',
      IMAGEPORT_KEYSTONE_URL: 'http://user:geheim@host',
    }
    const problems = problemsOf(env)
    assert.equal(problems.length, 3)
    assert.doesNotMatch(problems.join(), /geheim/)
  })

  test('stores are read by the store, relative to the data directory', () => {
    const cwd = place()
    const { storeUrl } = load({ IMAGEPORT_STORE_URL: 'fast=file:blobs,bulk=s3://bucket?region=eu' }, cwd)
    assert.deepEqual(
      storeUrl.map(({ name, type }) => [name, type]),
      [
        ['fast', 'file'],
        ['bulk', 's3'],
      ],
    )
    assert.equal(storeUrl[0]?.type === 'file' && storeUrl[0].directory, join(cwd, 'data', 'blobs'))
  })

  test('the data directory carries the database, the bytes and the secret', () => {
    const cwd = place()
    const settings = load({ IMAGEPORT_DATA_DIR: 'elsewhere' }, cwd)
    const data = join(cwd, 'elsewhere')
    assert.equal(settings.dataDir, data)
    assert.equal(settings.databaseUrl, `sqlite:${data}/imageport.sqlite`)
    assert.equal(settings.storeUrl[0]?.type === 'file' && settings.storeUrl[0].directory, join(data, 'blobs'))
    assert.equal(settings.secretFile, join(data, 'secret.key'))
  })

  test('PostgreSQL brings one process for each processor', () => {
    const env = { IMAGEPORT_DATABASE_URL: 'postgres://h/db' }
    assert.equal(load(env).workers, availableParallelism())
    assert.equal(load({ ...env, IMAGEPORT_WORKERS: '3' }).workers, 3)
    const problems = problemsOf({ IMAGEPORT_DATABASE_URL: 'sqlite::memory:', IMAGEPORT_WORKERS: '2' })
    assert.deepEqual(problems, [
      'IMAGEPORT_WORKERS: must be 1 with sqlite::memory:, which only one process can see',
    ])
  })

  test('an external Keystone needs a user who may ask it', () => {
    const env = { IMAGEPORT_KEYSTONE_URL: 'https://keystone.example:5000/v3/' }
    assert.deepEqual(
      problemsOf(env),
      ['USERNAME', 'PASSWORD', 'PROJECT'].map(
        (name) => `IMAGEPORT_KEYSTONE_${name}: must be set, because the Keystone URL is`,
      ),
    )
    const user = {
      IMAGEPORT_KEYSTONE_USERNAME: 'u',
      IMAGEPORT_KEYSTONE_PASSWORD: 'p',
      IMAGEPORT_KEYSTONE_PROJECT: 'x',
    }
    assert.equal(load({ ...env, ...user }).keystoneUrl, 'https://keystone.example:5000/v3')
  })
})

describe('settings file', () => {
  test('settings.yaml in the data directory is read, and the environment wins', () => {
    const cwd = place({
      'data/settings.yaml': 'port: 1111\npublic_url: https://a.example\nlogLevel: debug\n',
    })
    const settings = load({ IMAGEPORT_PORT: '2222' }, cwd)
    assert.equal(settings.settingsFile, join(cwd, 'data/settings.yaml'))
    assert.equal(settings.port, 2222)
    assert.equal(settings.publicUrl, 'https://a.example')
    assert.equal(settings.logLevel, 'debug')
  })

  test('IMAGEPORT_SETTINGS names another one, then the other is not read', () => {
    const cwd = place({
      'data/settings.yaml': 'port: 1111',
      'my.json': '{"tokenSeconds": 60, "dataDir": "d2"}',
    })
    const settings = load({ IMAGEPORT_SETTINGS: 'my.json' }, cwd)
    assert.equal(settings.port, 8080)
    assert.equal(settings.tokenSeconds, 60)
    assert.equal(settings.secretFile, join(cwd, 'd2/secret.key'))
    assert.deepEqual(problemsOf({ IMAGEPORT_SETTINGS: 'no.yaml' }), [
      'IMAGEPORT_SETTINGS: there is no file no.yaml',
    ])
    assert.match(problemsOf({ IMAGEPORT_SETTINGS: '.' }, cwd)[0]!, /cannot be read/)
  })

  test('values are read as they were written, lists may be lists, empty means not set', () => {
    const content = [
      'admin_password: 0123',
      'trusted_proxies: [127.0.0.1, "::1"]',
      'import_methods:',
      '  - web-download',
      '  - copy-image',
      'max_image_size: 10GB # a comment',
      'locations: true',
      'identity: off',
      'port:',
      'host: ~',
    ]
    const settings = load({}, place({ 'data/settings.yaml': content.join('\n') }))
    assert.equal(settings.adminPassword, '0123')
    assert.deepEqual(settings.trustedProxies, ['127.0.0.1', '::1'])
    assert.deepEqual(settings.importMethods, ['web-download', 'copy-image'])
    assert.equal(settings.maxImageSize, 10 * 1024 ** 3)
    assert.equal(settings.locations, true)
    assert.equal(settings.identity, 'off')
    assert.equal(settings.port, 8080)
    assert.equal(settings.host, '127.0.0.1')
  })

  test('problems name the file, the line and the key', () => {
    const content =
      '# mine\nport: http\npublic_ulr: x\n\nhost: a\nlogLevel: info\nlog_level: info\nworkers: {a: 1}\n'
    assert.deepEqual([...problemsOf({}, place({ 'data/settings.yaml': content }))].sort(), [
      'data/settings.yaml:2: port: must be a whole number from 0 to 65535, not "http"',
      'data/settings.yaml:3: public_ulr: there is no such setting; did you mean public_url?',
      'data/settings.yaml:7: log_level: is set twice',
      'data/settings.yaml:8: workers: must be a single value or a list of them',
    ])
  })

  test('what is no YAML, or no settings, is refused with its line', () => {
    const broken = problemsOf({}, place({ 'data/settings.yaml': 'port: 1\nhost: "a\n' }))
    assert.match(broken[0]!, /^data\/settings\.yaml:[23]: /)
    assert.match(
      problemsOf({}, place({ 'data/settings.yaml': '- port\n' }))[0]!,
      /^data\/settings\.yaml:1: must be a list/,
    )
    assert.equal(load({}, place({ 'data/settings.yaml': '# nothing yet\n' })).port, 8080)
  })

  test('a file in the data directory cannot move the data directory', () => {
    const problems = problemsOf({}, place({ 'data/settings.yaml': '\ndata_dir: other\n' }))
    assert.match(problems[0]!, /^data\/settings\.yaml:2: data_dir: cannot be changed/)
    assert.equal(problems.length, 1)
  })
})

describe('describeSettings', () => {
  test('shows everything but passwords and keys', () => {
    const settings = load({
      IMAGEPORT_ADMIN_PASSWORD: 'geheim',
      IMAGEPORT_KEYSTONE_URL: 'http://keystone.example',
      IMAGEPORT_KEYSTONE_USERNAME: 'glance',
      IMAGEPORT_KEYSTONE_PASSWORD: 'geheim',
      IMAGEPORT_KEYSTONE_PROJECT: 'service',
      IMAGEPORT_DATABASE_URL: 'postgres://eva:geheim@db.example/images?sslpassword=geheim&sslmode=require',
      IMAGEPORT_STORE_URL: 'a=s3://bucket?accessKey=geheim&secretKey=geheim,b=file:/srv/blobs',
    })
    const shown = JSON.stringify(describeSettings(settings))
    assert.doesNotMatch(shown, /geheim/)
    for (const part of [
      'glance',
      'eva:***@db.example',
      'sslmode=require',
      'bucket',
      '/srv/blobs',
      '"port":8080',
    ]) {
      assert.ok(shown.includes(part), `${part} in ${shown}`)
    }
    assert.deepEqual(Object.keys(describeSettings(settings)), Object.keys(settings))
  })

  test('unset passwords are shown as unset', () => {
    const shown = describeSettings(load())
    assert.equal(shown.adminPassword, null)
    assert.equal(shown.keystonePassword, null)
  })
})

describe('listSettings', () => {
  const listed = (env: NodeJS.ProcessEnv, cwd = place()) =>
    new Map(listSettings(load(env, cwd)).map((setting) => [setting.name, setting]))

  test('lists every setting with its value, its unit and where it comes from', () => {
    const cwd = place({ 'data/settings.yaml': '# ours\nport: 1111\nmaxImageSize: 2GB\n' })
    const list = listed({ IMAGEPORT_PORT: '2222', IMAGEPORT_TOKEN_SECONDS: '60' }, cwd)
    assert.deepEqual([...list.keys()].sort(), [...settingVariables()].sort())
    const shared = { secret: false, place: null }
    assert.deepEqual(list.get('IMAGEPORT_PORT'), {
      ...shared,
      name: 'IMAGEPORT_PORT',
      value: 2222,
      unit: null,
      from: 'environment',
    })
    assert.deepEqual(list.get('IMAGEPORT_MAX_IMAGE_SIZE'), {
      ...shared,
      name: 'IMAGEPORT_MAX_IMAGE_SIZE',
      value: 2 * 1024 ** 3,
      unit: 'bytes',
      from: 'file',
      place: 'data/settings.yaml:3: maxImageSize',
    })
    assert.equal(list.get('IMAGEPORT_TOKEN_SECONDS')!.unit, 'seconds')
    assert.equal(list.get('IMAGEPORT_CLEANUP_DAYS')!.unit, 'days')
    assert.equal(list.get('IMAGEPORT_HOST')!.from, 'default')
    assert.deepEqual(list.get('IMAGEPORT_TRUSTED_PROXIES')!.value, [])
  })

  test('whatever is written as a size, or named after a unit, has that unit', () => {
    const accepts = (name: string, text: string) => {
      try {
        load({ [name]: text })
        return true
      } catch {
        return false
      }
    }
    let sizes = 0
    for (const { name, unit } of listed({}).values()) {
      if (/_(SECONDS|DAYS)$/.test(name)) assert.equal(unit, name.split('_').at(-1)!.toLowerCase(), name)
      const isSize = accepts(name, '1024KB') && !accepts(name, 'KB1024')
      assert.equal(unit === 'bytes', isSize, name)
      if (isSize) sizes++
    }
    assert.equal(sizes, 4)
  })

  test('tells of secrets only whether they are set', () => {
    const list = listed({
      IMAGEPORT_ADMIN_PASSWORD: 'geheim',
      IMAGEPORT_DATABASE_URL: 'postgres://eva:geheim@db.example/images?sslpassword=geheim',
      IMAGEPORT_STORE_URL:
        'a=s3://bucket/below?endpoint=http://eva:geheim@store.example&accessKey=geheim&secretKey=geheim,b=file:/srv/blobs?readOnly=true',
    })
    assert.doesNotMatch(JSON.stringify([...list.values()]), /geheim/)
    assert.deepEqual(
      ['ADMIN_PASSWORD', 'KEYSTONE_PASSWORD'].map((name) => {
        const { value, secret } = list.get(`IMAGEPORT_${name}`)!
        return [value, secret]
      }),
      [
        [true, true],
        [false, true],
      ],
    )
    assert.deepEqual(list.get('IMAGEPORT_STORE_URL')!.value, [
      'a=s3://bucket/below/?endpoint=http://eva:***@store.example/&region=us-east-1',
      'b=file:/srv/blobs?readOnly=true',
    ])
  })
})

test('every variable of the table exists', () => {
  const table = `HOST PORT PUBLIC_URL TRUSTED_PROXIES DATA_DIR DATABASE_URL STORE_URL WORKERS ADMIN_PASSWORD IMPORT_ALLOW
    IMPORT_METHODS FORMAT_CHECK MAX_IMAGE_SIZE RATE_LIMIT IDENTITY KEYSTONE_URL KEYSTONE_USERNAME KEYSTONE_PASSWORD
    KEYSTONE_PROJECT KEYSTONE_CACHE_SECONDS KEYSTONE_PUBLIC_URL KEYSTONE_USER_DOMAIN KEYSTONE_PROJECT_DOMAIN KEYSTONE_CA
    KEYSTONE_TIMEOUT_SECONDS TOKEN_SECONDS LOCATIONS IMGAPI_CHANNELS IMGAPI_PRIVATE DISKS_DIR LOG_LEVEL
    MAX_UPLOADS FREE_SPACE_FLOOR QUOTA_BYTES QUOTA_IMAGES QUOTA_STAGED_BYTES QUOTA_UPLOADS SECRET_FILE SQLITE_SYNCHRONOUS DATABASE_POOL METRICS
    CLEANUP_ENABLED CLEANUP_DAYS CLEANUP_FORMATS SHUTDOWN_SECONDS IDLE_SECONDS OCP_FEATURES_OFF`
  const names = table.split(/\s+/).map((name) => `IMAGEPORT_${name}`)
  assert.deepEqual([...settingVariables()].sort(), names.sort())
})

test('a program that cannot read its settings prints the message and nothing else', () => {
  const cwd = place({ 'data/settings.yaml': 'port: 70000\n' })
  const program = `
    import { loadSettings, SettingsError } from ${JSON.stringify(new URL('../src/settings.ts', import.meta.url).href)}
    try { loadSettings(process.env, { cwd: process.cwd() }) } catch (error) {
      if (!(error instanceof SettingsError)) throw error
      console.error(error.message)
      process.exit(2)
    }`
  const run = (env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd, env, encoding: 'utf8' })
  const bad = run({ IMAGEPORT_WORKER: '2' })
  assert.equal(bad.status, 2, bad.stderr)
  assert.equal(bad.stdout, '')
  assert.deepEqual(bad.stderr.trim().split('\n'), [
    'IMAGEPORT_WORKER: there is no such setting; did you mean IMAGEPORT_WORKERS?',
    'data/settings.yaml:1: port: must be a whole number from 0 to 65535, not "70000"',
  ])
  assert.equal(run({ IMAGEPORT_PORT: '0' }).status, 0)
})
