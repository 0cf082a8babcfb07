import type { Route } from './route.ts'

/** What `es help` shows of a path: every verb that it has, with what that does. */
export function describe(path: string, routes: readonly Route[]): object {
  const [noun = ''] = path
    .split('/')
    .filter((part) => part !== '' && !part.startsWith(':'))
    .slice(-1)
  const name = `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`
  const lines = routes.map(
    ({ method, summary }) => `${method} ${path.replace(/:(\w+)/g, '($1)')}: ${summary}`,
  )
  return {
    name: path.includes(':') ? name : `${name} List`,
    description: lines.join('\n'),
    renders: ['application/json'],
    parses: ['application/json'],
  }
}
