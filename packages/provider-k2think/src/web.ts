import type { Provider, ProviderEnvironment, ProviderFactory } from '@dragoman/core'
import { z } from 'zod'
import { createSite, type NewId } from './web/site.ts'

const options = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address of the site, for one that stands elsewhere. Default: https://www.k2think.ai.'),
  models: z.array(z.string().min(1)).optional().describe('Ids of models that the site has beyond those known here.'),
  upstreamStream: z
    .enum(['auto', 'never'])
    .optional()
    .describe('Whether answers are streamed from the site. One that is not comes as a whole. Default: auto.'),
  guest: z
    .boolean()
    .optional()
    .describe(
      'Whether an empty credential `{}` may be used: one guest session, which the site limits. Default: false.',
    ),
  promptTools: z
    .boolean()
    .optional()
    .describe(
      'Whether tools are offered to the model by prompt, since it has none. Otherwise they are a 400. Default: true.',
    ),
  maxToolCharacters: z
    .int()
    .positive()
    .optional()
    .describe('How long the description of the tools may be; a longer one is refused, never cut. Default: any length.'),
  timezone: z
    .string()
    .refine(isTimezone, 'expected the name of a time zone, such as Europe/Lisbon')
    .optional()
    .describe('Time zone of the date and time that the site tells its model. Default: UTC.'),
  headers: z.record(z.string(), z.string()).optional().describe('Headers of every request, besides those it needs.'),
  proxy: z.string().optional().describe('Outgoing proxy: an `http:`, `https:` or `socks5:` URL.'),
})

export type K2ThinkWebOptions = z.output<typeof options>

/** As in a header of cookies. */
const token = z
  .string()
  .regex(/^[\w.~+/=-]+$/, { error: 'expected the value of the cookie `token`, without its name' })
  .describe('The cookie `token` of a browser that is signed in.')

/** K2-Think by a session of your own account at www.k2think.ai. */
export const k2thinkWeb: ProviderFactory<K2ThinkWebOptions> = {
  id: 'k2think-web',
  isSession: true,
  options,
  credential: z.union([
    z.strictObject({ token }),
    z.strictObject({
      email: z.string().min(1).describe('Of your account.'),
      password: z.string().min(1).describe('Of your account.'),
    }),
    z.strictObject({}).describe('The guest, where the option `guest` allows it.'),
  ]),
  create: (given, environment) => createWeb(given, environment),
}

function isTimezone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch {
    return false // what it throws is what was asked
  }
}

/** @param newId what makes the ids of a question; tests count */
export function createWeb(given: K2ThinkWebOptions, environment?: ProviderEnvironment, newId?: NewId): Provider {
  return createSite(k2thinkWeb.id, given, environment, newId)
}
