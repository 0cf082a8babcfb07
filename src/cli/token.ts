import type { Command } from 'commander'
import type {
  WireNewToken,
  WireToken,
  WireTokenDraft,
  WireTokenList,
  WireWhoami,
} from '../faces/console/wire.ts'
import type { Context } from './context.ts'
import { misuse } from './errors.ts'
import { given } from './image-options.ts'
import { moment, table, terminalWidth } from './text.ts'

type OfUser = { readonly user?: string }
type NewToken = { readonly label?: string; readonly life?: number; readonly from?: string[] }

export function tokenCommand(program: Command, context: Context): void {
  const token = program
    .command('token')
    .description('tokens, for IMAGEPORT_TOKEN and the APIs that take them')
  const ofUser = (command: Command) => command.option('--user <name>', 'whose (default: your own)')

  async function tokensOf({ user }: OfUser): Promise<string> {
    const name = user ?? (await context.client().get<WireWhoami>('/whoami')).username
    return `/users/${encodeURIComponent(name)}/tokens`
  }

  ofUser(token.command('list'))
    .description('list tokens; their text is shown only when they are made')
    .action(async (options: OfUser) => {
      const path = await tokensOf(options)
      const tokens: WireToken[] = []
      for (;;) {
        const query = { limit: 1000, offset: tokens.length }
        const page = await context.client().get<WireTokenList>(path, query)
        tokens.push(...page.tokens)
        if (page.tokens.length === 0 || tokens.length >= page.total) break
      }
      context.print({ tokens }, () =>
        table(
          tokens,
          [
            { title: 'ID', of: ({ id }) => String(id), right: true },
            { title: 'LABEL', of: ({ label }) => label },
            { title: 'CREATED', of: ({ createdAt }) => moment(createdAt) },
            { title: 'FROM', of: ({ networks }) => networks.join(' ') || 'anywhere' },
            { title: 'ENDS', of: ({ expiresAt }) => (expiresAt === null ? 'never' : moment(expiresAt)) },
          ],
          terminalWidth(),
        ),
      )
    })

  ofUser(token.command('create'))
    .description('make a token')
    .option('--label <text>', 'what it is for')
    .option('--life <time>', 'how long it works, as in 12h or 30d (default: until it is revoked)', seconds)
    .option('--from <network...>', 'addresses and CIDRs it may be used from (default: anywhere)')
    .action(async ({ label, life, from, ...options }: OfUser & NewToken) => {
      const draft: WireTokenDraft = {
        ...given('label', label),
        ...given('lifeSeconds', life),
        ...given('networks', from),
      }
      const made = await context.client().send<WireNewToken>('POST', await tokensOf(options), draft)
      // The text alone, so that `IMAGEPORT_TOKEN=$(imageport token create)` works.
      context.print(made, () => made.token)
      if (!context.json) context.note(`token ${made.id}, shown only now`)
    })

  ofUser(token.command('revoke'))
    .description('end a token')
    .argument('<id>')
    .action(async (id: string, options: OfUser) => {
      await context.client().send('DELETE', `${await tokensOf(options)}/${encodeURIComponent(id)}`)
      context.print({ id: Number(id), revoked: true }, () => '')
    })
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

function seconds(text: string): number {
  const match = /^([1-9]\d{0,8})([smhd])$/.exec(text)
  if (match) return Number(match[1]) * unitSeconds[match[2]!]!
  throw misuse(`"${text}" is no time: write it as in 90s, 30m, 12h or 30d.`)
}
