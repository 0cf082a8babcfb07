import { logDetail } from '../../catalogue/tasks/log.ts'
import type { Telling } from '../../catalogue/tasks/task.ts'
import type { Data } from './data.ts'
import { fields } from './fields.ts'

const methods = ['POST', 'GET', 'PUT', 'DELETE'] as const
const longestUrl = 1024

/**
 * Who is to be told when the task ends (danube.md 2.8). What is wrong with it never fails the call: it is a `problem` for
 * the log, and nobody is told. Where the URL leads is judged when it is called.
 */
export function readCallback(data: Data): Telling {
  if (isMissing(data.cb_url)) return {}
  const read = fields(data)
  const url = read.url('cb_url', { max: longestUrl, required: true })
  const said = isMissing(data.cb_method) ? 'POST' : data.cb_method
  const method = typeof said === 'string' ? methods.find((each) => each === said.toUpperCase()) : undefined
  if (method === undefined) read.fail('cb_method', 'Invalid value.')
  if (url !== undefined && method !== undefined) return { callback: { url, method } }
  const wrong = Object.entries(read.errors()).map(([name, messages]) => `${name}: ${messages.join(' ')}`)
  return { problem: logDetail({ callback: wrong }) }
}

/** In any of the ways in which clients say nothing. */
function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}
