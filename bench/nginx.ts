import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { start, stop } from './processes.ts'

const places = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx']

export function nginxProgram(): string | undefined {
  return places.find((place) => existsSync(place))
}

export type Nginx = { readonly url: string; readonly pid: number; stop(): Promise<void> }

/** nginx on loopback, serving the files below a directory with sendfile: one process, as the peer is one. */
export async function startNginx(program: string, directory: string, root: string): Promise<Nginx> {
  mkdirSync(directory)
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path "${join(directory, name)}";`,
  )
  const config = `daemon off;
master_process off;
pid "${join(directory, 'nginx.pid')}";
error_log "${join(directory, 'error.log')}";
events { worker_connections 64; }
http {
  ${temporary.join('\n  ')}
  access_log off;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  server { listen 127.0.0.1:${port}; root "${root}"; }
}
`
  const file = join(directory, 'nginx.conf')
  writeFileSync(file, config)
  const child = start(program, ['-e', join(directory, 'error.log'), '-p', directory, '-c', file], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  for (let attempt = 0; !(await answers(port)); attempt++) {
    if (attempt > 100 || child.exitCode !== null) throw new Error('nginx did not start')
    await setTimeout(50)
  }
  return { url: `http://127.0.0.1:${port}`, pid: child.pid!, stop: () => stop(child) }
}

/** nginx cannot choose one and tell it. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const settle = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
