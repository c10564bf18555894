import { z } from 'zod'
import { faultOfClientKey } from './placeholders.ts'

export const keyText = z.string().superRefine((key, context) => {
  const fault = faultOfClientKey(key)
  if (fault) context.addIssue({ code: 'custom', message: `${fault}: make a key with \`openssl rand -hex 32\`` })
})

export const modelPattern = z
  .string()
  .min(1)
  .refine((name) => !name.slice(0, -1).includes('*'))
  .meta({ title: 'a name, with no `*` but one at its end' })

export const wholeAmount = z.int().min(1).meta({ title: 'a whole number from 1' })
export const money = z.number().positive().meta({ title: 'US dollars, more than 0' })
export const timeZone = z.string().refine(isTimeZone).meta({ title: 'a time zone such as Europe/Oslo' })
export const instant = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()])
  .meta({ title: 'a time such as 2027-01-31 or 2027-01-31T18:00:00Z' })

/** A day alone is its first moment, in UTC. Unix milliseconds. */
export function readInstant(text: string): number {
  return Date.parse(text)
}

const budget = z.strictObject({
  day: money.optional().describe('US dollars in a day.'),
  month: money.optional().describe('US dollars in a month of the calendar.'),
  tokensPerDay: wholeAmount.optional().describe('Prompt and completion together, in a day.'),
  tokensPerMonth: wholeAmount.optional().describe('The same in a month of the calendar.'),
  timeZone: timeZone.optional().describe('Whose days and months these are. Default: UTC.'),
})

const clientKey = z.union([
  keyText.describe('The key itself.'),
  z.strictObject({
    key: keyText.describe('The key itself.'),
    name: z
      .string()
      .min(1)
      .optional()
      .describe('What logs call it. What it keeps here is kept by this name. Default: `key-` and a digest of the key.'),
    models: z
      .array(modelPattern)
      .optional()
      .describe('The only models that it may use; a `*` at the end of a name stands for the rest. Default: all.'),
    rpm: wholeAmount.optional().describe('Requests in a minute.'),
    tpm: wholeAmount.optional().describe('Tokens in a minute, prompt and completion together.'),
    budget: budget.optional().describe('What it may use before it is refused.'),
    allow: z
      .strictObject({
        hostedTools: z
          .boolean()
          .optional()
          .describe("The upstreams' own tools and plugins. Default: off where `models` or `budget` is set, else on."),
      })
      .optional()
      .describe('What a limited key may use besides models.'),
    expiresAt: instant
      .optional()
      .describe('From then on it opens nothing. A day alone is its first moment, in UTC. Default: never.'),
  }),
])

export const clientsSchema = z.union([
  z.literal('open').describe('Any key or none, from this machine. The default.'),
  z.literal('keys').describe('The keys that `dragoman keys create` and `/admin/keys` make, and no others.'),
  z.strictObject({
    open: z.literal(true).describe('Any key or none.'),
    onNetwork: z.boolean().default(false).describe('Also where `server.host` is not an address of this machine alone.'),
  }),
  z.strictObject({
    keys: z.array(clientKey).describe('The keys that clients may use, beside those that were made.'),
    onRevoke: z
      .enum(['finish', 'cut'])
      .default('finish')
      .describe('What becomes of an answer whose key ends meanwhile: it goes on to its end, or is cut with an error.'),
  }),
])

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false // a RangeError: there is none of this name
  }
}
