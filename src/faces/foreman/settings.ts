import { invalidRecord, notFound } from './failures.ts'
import { inMemory, listAnswer, showAnswer } from './lists.ts'
import { attributesOf, defaultPerPage } from './params.ts'
import { type Context, ok, type Route } from './route.ts'
import { settings as search } from './search/resources.ts'
import { bruteForce, idleSeconds } from './sessions.ts'

type Setting = {
  readonly id: number
  readonly name: string
  readonly fullName: string
  readonly type: 'integer' | 'string'
  readonly category: string
  readonly value: number | string
  readonly description: string
}

/** What of this server's ways Foreman knows as settings. They are its configuration, so this API only reads them. */
function settingsOf({ parts, request }: Context): readonly Setting[] {
  const rows: Omit<Setting, 'id'>[] = [
    {
      name: 'entries_per_page',
      fullName: 'Entries per page',
      type: 'integer',
      category: 'General',
      value: defaultPerPage,
      description: 'Number of records shown per page when a request does not say',
    },
    {
      name: 'failed_login_attempts_limit',
      fullName: 'Failed login attempts limit',
      type: 'integer',
      category: 'Authentication',
      value: bruteForce.failures,
      description: 'Failed logins from one address after which it is refused for some minutes',
    },
    {
      name: 'foreman_url',
      fullName: 'Foreman URL',
      type: 'string',
      category: 'General',
      value: parts.origin(request),
      description: 'Where this server is reached',
    },
    {
      name: 'idle_timeout',
      fullName: 'Idle timeout',
      type: 'integer',
      category: 'Authentication',
      value: idleSeconds / 60,
      description: 'Minutes after which a session that nobody uses ends',
    },
  ]
  return rows.map((row, index) => ({ id: index + 1, ...row }))
}

export const settingRoutes: readonly Route[] = [
  {
    resource: 'settings',
    action: 'index',
    method: 'GET',
    path: '/settings',
    permission: 'view_settings',
    handle: async (context) =>
      listAnswer(context, 'settings', {
        ...inMemory(settingsOf(context), (row, field) =>
          field === 'id' || field === 'name' || field === 'description' ? row[field] : null,
        ),
        wire: settingWire,
        search,
      }),
  },
  {
    resource: 'settings',
    action: 'show',
    method: 'GET',
    path: '/settings/:id',
    permission: 'view_settings',
    handle: async (context) => showAnswer(context, settingWire(settingNamed(context))),
  },
  {
    resource: 'settings',
    action: 'update',
    method: 'PUT',
    path: '/settings/:id',
    permission: 'edit_settings',
    handle: async (context) => {
      const setting = settingNamed(context)
      const { value } = attributesOf(context, 'setting', ['value'])
      if (value === undefined || String(value) === String(setting.value)) return ok(settingWire(setting))
      throw invalidRecord(setting.id, {
        value: ['is set in the configuration of the server and is read-only'],
      })
    },
  },
]

/** By name or id. @throws Refusal 404 */
function settingNamed(context: Context): Setting {
  const id = context.segment('id')
  const found = settingsOf(context).find((row) => row.name === id || String(row.id) === id)
  if (!found) throw notFound('setting', id)
  return found
}

function settingWire(setting: Setting): object {
  return {
    description: setting.description,
    settings_type: setting.type,
    default: setting.value,
    created_at: null,
    updated_at: null,
    id: setting.id,
    name: setting.name,
    full_name: setting.fullName,
    value: setting.value,
    category_name: setting.category,
    readonly: true,
  }
}
