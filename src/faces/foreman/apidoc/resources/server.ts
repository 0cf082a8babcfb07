import { api, fields, hash, listing, method, resource, string } from '../describe.ts'

const setting = string('id!', 'about.nameOrId')

export const settings = resource('settings', 'name.settings', [
  method('index', api('GET', '/api/settings', 'settings.index'), listing, {
    search: fields('description id:integer name:string'),
  }),
  method('show', api('GET', '/api/settings/:id', 'settings.show'), [setting]),
  method('update', api('PUT', '/api/settings/:id', 'settings.update'), [
    setting,
    hash('setting!', [string('value')]),
  ]),
])

export const home = resource('home', 'name.home', [
  method('index', api('GET', '/api', 'home.index')),
  method('status', api('GET', '/api/status', 'home.status')),
])

export const ping = resource('ping', 'name.ping', [
  method('ping', api('GET', '/api/ping', 'ping.ping')),
  method('statuses', api('GET', '/api/statuses', 'ping.statuses')),
])

export const plugins = resource('plugins', 'name.plugins', [
  method('index', api('GET', '/api/plugins', 'plugins.index')),
])
