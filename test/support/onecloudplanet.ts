import { setTimeout as pause } from 'node:timers/promises'

/** What the tests need of an image on the OneCloudPlanet wire. */
export type WireImage = {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly size: number | null
}

/** A small client of the OneCloudPlanet face, for tests about what is behind it. */
export function client(url: string, token: string) {
  const images = `${url}/backend/api/openstack/images`
  const headers = { authorization: `OpenAPIToken ${token}` }

  async function json(response: Response, status: number) {
    const text = await response.text()
    if (response.status !== status) throw new Error(`status ${response.status} instead of ${status}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  return {
    images,
    headers,
    async list(query = ''): Promise<WireImage[]> {
      return (await json(await fetch(`${images}?page_size=500&${query}`, { headers }), 200)).objects
    },
    async view(id: string): Promise<WireImage> {
      return json(await fetch(`${images}/${id}`, { headers }), 200)
    },
    async upload(name: string, diskFormat: string, file: Blob): Promise<string> {
      const form = new FormData()
      for (const [key, value] of Object.entries({
        name,
        source: 'file',
        disk_format: diskFormat,
        region: 'ua-central-1',
      }))
        form.set(key, value)
      form.set('file', file, 'file')
      return (await json(await fetch(images, { method: 'POST', headers, body: form }), 201)).id
    },
    async importUrl(name: string, diskFormat: string, url: string): Promise<string> {
      const body = { name, source: 'url', url, disk_format: diskFormat, region: 'ua-central-1' }
      const answer = await fetch(images, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return (await json(answer, 201)).id
    },
    async download(id: string): Promise<Buffer> {
      const answer = await fetch(`${images}/${id}/download`, { headers })
      if (answer.status !== 200) throw new Error(`download: status ${answer.status}: ${await answer.text()}`)
      return Buffer.from(await answer.arrayBuffer())
    },
    async remove(id: string): Promise<void> {
      await json(await fetch(`${images}/${id}`, { method: 'DELETE', headers }), 204)
    },
    /** Waits until the image has left the statuses of a transfer. */
    async settled(id: string, seconds = 60): Promise<WireImage> {
      for (let waited = 0; waited < seconds * 20; waited++) {
        const image = await this.view(id)
        if (image.status !== 'queued' && image.status !== 'saving') return image
        await pause(50)
      }
      throw new Error(`image ${id} is not settled after ${seconds} s`)
    },
  }
}
