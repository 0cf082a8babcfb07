import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import type { WireRole, WireUser, WireUserChange, WireUserList } from '../faces/console/wire.ts'
import type { Context } from './context.ts'
import { misuse } from './errors.ts'
import { collect, given } from './image-options.ts'
import { facts, moment, table, terminalWidth } from './text.ts'

const userPath = (name: string) => `/users/${encodeURIComponent(name)}`

type UserOptions = {
  readonly email?: string
  readonly firstName?: string
  readonly lastName?: string
  readonly superAdmin?: boolean
  readonly apiAccess?: boolean
  readonly defaultProject?: string
  readonly grant?: readonly string[]
  readonly revoke?: readonly string[]
  readonly passwordStdin?: boolean
  readonly generatePassword?: boolean
}

export function userCommand(program: Command, context: Context): void {
  const user = program.command('user').description('people')

  user
    .command('list')
    .description('list users')
    .action(async () => {
      const users: WireUser[] = []
      for (;;) {
        const page = await context.client().get<WireUserList>('/users', { limit: 1000, offset: users.length })
        users.push(...page.users)
        if (page.users.length < 1000) break
      }
      context.print({ users }, () => userTable(users))
    })

  user
    .command('show')
    .description('show a user')
    .argument('<name>')
    .action(async (name: string) => {
      const found = await context.client().get<WireUser>(userPath(name))
      context.print(found, () => userFacts(found))
    })

  describing(user.command('create').argument('<name>'))
    .description('make a user; without --password-stdin a password is made and shown once')
    .action(async (username: string, options: UserOptions) => {
      const password = await passwordFrom(options, true)
      const body = { username, ...toChange(options), password: password.text }
      const made = await context.client().send<WireUser>('POST', '/users', body)
      show(context, made, password)
    })

  describing(user.command('set').argument('<name>'))
    .description('change a user')
    .option('--generate-password', 'make a new password and show it once')
    .option('--revoke <project:role>', 'take a role away; may be repeated', collect)
    .option('--no-super-admin', 'take all rights away that are not given by roles')
    .option('--no-api-access', 'shut the user out of the Danube API')
    .action(async (name: string, options: UserOptions) => {
      const password = await passwordFrom(options, options.generatePassword === true)
      const change = { ...toChange(options), ...given('password', password.text) }
      if (Object.keys(change).length === 0) throw misuse('Nothing to change was given.', 'see --help')
      show(context, await context.client().send<WireUser>('PATCH', userPath(name), change), password)
    })

  for (const [word, enabled] of [
    ['disable', false],
    ['enable', true],
  ] as const)
    user
      .command(word)
      .description(enabled ? 'let a user in again' : 'shut a user out; what is theirs stays')
      .argument('<name>')
      .action(async (name: string) => {
        const changed = await context.client().send<WireUser>('PATCH', userPath(name), { enabled })
        context.print(changed, () => userFacts(changed))
      })
}

function describing(command: Command): Command {
  return command
    .option('--email <address>')
    .option('--first-name <name>')
    .option('--last-name <name>')
    .option('--super-admin', 'may do everything')
    .option('--api-access', 'may use the Danube API (the default)')
    .option('--default-project <name>', 'where new images go')
    .option(
      '--grant <project:role>',
      'give a role: owner, image_import_admin, image_admin, member or reader; may be repeated',
      collect,
    )
    .option('--password-stdin', 'read the password from the first line of standard input')
}

function toChange(options: UserOptions): WireUserChange {
  return {
    ...given('email', options.email),
    ...given('firstName', options.firstName),
    ...given('lastName', options.lastName),
    ...given('superAdmin', options.superAdmin),
    ...given('apiAccess', options.apiAccess),
    ...given('defaultProject', options.defaultProject),
    ...given('grant', options.grant?.map(roleOf)),
    ...given('revoke', options.revoke?.map(roleOf)),
  }
}

function roleOf(text: string): WireRole {
  const at = text.lastIndexOf(':')
  if (at < 1 || at === text.length - 1) throw misuse(`"${text}" is no role: write it as project:role.`)
  return { project: text.slice(0, at), role: text.slice(at + 1) }
}

type Password = { readonly text?: string; readonly made: boolean }

/** Never from an argument: the list of processes shows those to everybody. */
async function passwordFrom(options: UserOptions, otherwiseMade: boolean): Promise<Password> {
  if (options.passwordStdin) {
    const text = await firstLine()
    if (text === '') throw misuse('There was no password on standard input.')
    return { text, made: false }
  }
  return otherwiseMade ? { text: randomBytes(12).toString('base64url'), made: true } : { made: false }
}

async function firstLine(): Promise<string> {
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const chunk of process.stdin) {
    text += chunk
    if (text.includes('\n') || text.length > 10_000) break
  }
  return text.split(/\r?\n/, 1)[0]!
}

function show(context: Context, user: WireUser, password: Password): void {
  const shown = password.made ? { password: password.text } : {}
  context.print({ ...user, ...shown }, () =>
    [userFacts(user), ...(password.made ? [`password (shown only now)  ${password.text}`] : [])].join('\n'),
  )
}

const rolesOf = ({ roles }: WireUser) => roles.map(({ project, role }) => `${project}:${role}`).join(', ')

function userTable(users: readonly WireUser[]): string {
  return table(
    users,
    [
      { title: 'ID', of: ({ id }) => String(id), right: true },
      { title: 'NAME', of: ({ username }) => username },
      { title: 'ENABLED', of: ({ enabled }) => (enabled ? 'yes' : 'no') },
      { title: 'ADMIN', of: ({ superAdmin }) => (superAdmin ? 'yes' : 'no') },
      { title: 'PROJECT', of: ({ defaultProject }) => defaultProject ?? '-' },
      { title: 'ROLES', of: rolesOf },
      { title: 'EMAIL', of: ({ email }) => email },
    ],
    terminalWidth(),
  )
}

function userFacts(user: WireUser): string {
  return facts([
    ['id', user.id],
    ['uuid', user.uuid],
    ['name', user.username],
    ['first name', user.firstName],
    ['last name', user.lastName],
    ['email', user.email],
    ['enabled', user.enabled],
    ['super admin', user.superAdmin],
    ['API access', user.apiAccess],
    ['default project', user.defaultProject],
    ['roles', rolesOf(user)],
    ['created', moment(user.createdAt)],
    ['updated', moment(user.updatedAt)],
  ])
}
