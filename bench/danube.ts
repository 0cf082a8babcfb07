import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { hasCurl, remove } from './client.ts'
import { writeRandomFile } from './content.ts'
import { fill } from './fill.ts'
import { customer, type Installation, install, type Server, startImageport } from './installation.ts'
import { helperStarter } from './processes.ts'
import { against, asked, bareServer, compete, type Filled, grouped, type Run } from './requests.ts'
import { type Result, skipped, type Target } from './result.ts'
import { againstRates, type Measured, type Place, seed, timed, upload } from './transfers.ts'

const importTarget: Target = { value: 0.7, bound: 'at least', of: 'ratio' }
const importName = 'danube: import from another Imageport'

/** Danube's lists, which have no pages, its polling for tasks, and its import beside a plain upload. */
export async function danubeRows(run: Run): Promise<Result[]> {
  return [...(await requestRows(run)), await importRow(run)]
}

const operator = 'operator'

/** An installation with an administrator who logs in as Danube's clients do, beside the customer. */
function administered(parent: string, name: string): Installation & { readonly password: string } {
  const password = randomBytes(12).toString('hex')
  return { ...install(parent, name, {}, [{ username: operator, password, superAdmin: true }]), password }
}

async function login(server: Server, password: string): Promise<string> {
  const response = await fetch(`${server.url}/api/accounts/login/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: operator, password }),
  })
  return `Token ${((await response.json()) as { token: string }).token}`
}

async function requestRows(run: Run): Promise<Result[]> {
  const count = run.scale.listedImages
  run.say(`filling a catalogue with ${grouped(count)} images for Danube's lists`)
  const installation = administered(run.directory, 'danube')
  await fill(installation, count, 1)
  const stops: (() => Promise<void>)[] = []
  const helper = helperStarter(stops)
  try {
    const generator = helper('./load.ts')
    const server = await startImageport(installation, run.profile('danube'))
    stops.push(server.stop)
    const filled: Filled = {
      server,
      installation: { ...installation, authorization: await login(server, installation.password) },
      ids: [],
    }
    const task = await finishedTask(filled)
    const paths = { names: '/api/image/', full: '/api/image/?full=True', status: `/api/task/${task}/status/` }
    const bare = await bareServer(helper('./bare-server.ts'), filled, Object.values(paths))
    run.say('measuring Danube lists and task polling')
    const [names, baseNames, full, baseFull, status, baseStatus] = await compete(run, generator, [
      asked(filled, [paths.names]),
      { ...bare, paths: [paths.names] },
      asked(filled, [paths.full]),
      { ...bare, paths: [paths.full] },
      asked(filled, [paths.status]),
      { ...bare, paths: [paths.status] },
    ])
    return [
      against(`danube: names of ${grouped(count)} images`, names!, baseNames!, 0.005),
      against(`danube: all of ${grouped(count)} images`, full!, baseFull!, 0.005),
      against('danube: task status', status!, baseStatus!, 0.15),
    ]
  } finally {
    for (const each of stops.reverse()) await each()
  }
}

/** The id of a task that has ended well: a change of an image's description. */
async function finishedTask({ server, installation }: Filled): Promise<string> {
  const headers = { authorization: installation.authorization, 'content-type': 'application/json' }
  const response = await fetch(`${server.url}/api/image/image-1/`, {
    method: 'PUT',
    headers,
    body: JSON.stringify({ desc: 'measured' }),
  })
  const { task_id: id } = (await response.json()) as { task_id: string }
  await ended(server, installation.authorization, id)
  return id
}

/** @throws when the task ends badly */
async function ended(server: Server, authorization: string, id: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${server.url}/api/task/${id}/status/`, { headers: { authorization } })
    const answer = await response.text()
    if (response.status === 200) return
    if (response.status !== 201) throw new Error(`task ${id}: ${response.status} ${answer}`)
    await pause(10)
  }
}

/** The same bytes into the same server: by an upload with curl, and by an import from a second Imageport. */
async function importRow(run: Run): Promise<Result> {
  if (!(await hasCurl())) return skipped(importName, 'MB/s', importTarget, 'curl is not installed')
  const { imageBytes, transfers } = run.scale
  const source = join(run.directory, 'import.raw')
  await writeRandomFile(source, imageBytes, seed)
  const [there, here] = [administered(run.directory, 'repository'), administered(run.directory, 'importer')]
  const environment = { ...here.environment, IMAGEPORT_IMPORT_ALLOW: '127.0.0.1' }
  const repository = await startImageport(there, [])
  const server = await startImageport({ ...here, environment }, run.profile('import'))
  try {
    const place: Place = { server, installation: here, source }
    const { id: uuid } = await upload({ server: repository, installation: there, source })
    await publish(repository, await login(repository, there.password), uuid)
    const token = await login(server, here.password)
    const manifest = `${repository.url}/images/${uuid}`
    run.say('measuring imports')
    const own: Measured[] = []
    const base: Measured[] = []
    for (let round = -1; round < transfers; round++) {
      const imported = await timed([server.pid], imageBytes, () => importOnce(server, token, manifest))
      await remove(server, here, uuid)
      let id = ''
      const uploaded = await timed([server.pid], imageBytes, async () => {
        const done = await upload(place)
        id = done.id
        return done
      })
      await remove(server, here, id)
      // The first one starts the digest threads and compiles the code.
      if (round < 0) continue
      own.push(imported)
      base.push(uploaded)
    }
    return againstRates(importName, own, base, {
      baselineName: 'the same file uploaded by curl',
      target: importTarget,
      notes: ['the repository runs on the same processors and sends the bytes'],
    })
  } finally {
    await server.stop()
    await repository.stop()
    await rm(source)
    for (const { directory } of [there, here]) await rm(directory, { recursive: true })
  }
}

/** Makes an image public, so that the repository gives it to anybody. */
async function publish(server: Server, authorization: string, uuid: string): Promise<void> {
  const headers = { authorization, 'content-type': 'application/json' }
  const list = await fetch(`${server.url}/api/image/?full=true`, { headers })
  const images = ((await list.json()) as { result: { name: string; uuid: string }[] }).result
  const { name } = images.find((image) => image.uuid === uuid)!
  const response = await fetch(`${server.url}/api/image/${name}/`, {
    method: 'PUT',
    headers,
    body: JSON.stringify({ access: 1 }),
  })
  await ended(server, authorization, ((await response.json()) as { task_id: string }).task_id)
}

async function importOnce(
  server: Server,
  authorization: string,
  manifest: string,
): Promise<{ seconds: number }> {
  const began = performance.now()
  const response = await fetch(`${server.url}/api/image/imported/`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ manifest_url: manifest, dc: customer }),
  })
  const answer = (await response.json()) as { task_id: string }
  if (response.status !== 201)
    throw new Error(`an import was answered ${response.status}: ${JSON.stringify(answer)}`)
  await ended(server, authorization, answer.task_id)
  return { seconds: (performance.now() - began) / 1000 }
}
