import { DragomanError } from '@dragoman/core'
import { z } from 'zod'
import { modelNames } from './models.ts'

const url = (name: string) =>
  z
    .url({ protocol: /^https?$/ })
    // Ids are appended to it.
    .regex(/^[^?#]*$/, 'expected a URL without a query')
    .describe(name)

export const options = z.strictObject({
  chatUrl: url('Where answers are generated.').default('https://api.orionai.asia/chat'),
  conversationUrl: url('Where conversations are created and deleted.').default('https://api.orionai.asia/conversation'),
  projectUrl: url('Where projects are listed and created.').default('https://api.orionai.asia/project'),
  messageUrl: url('Where messages are added; the id of their conversation follows.').default(
    'https://api.orionai.asia/conversation',
  ),
  models: z
    .array(z.string().min(1))
    .min(1)
    .default([...modelNames])
    .describe('The models it serves, by the exact text of their mode. Other names are refused before any call.'),
  projectName: z
    .string()
    .min(1)
    .default('dragoman')
    .describe('The project of the account that holds our conversations. It is created where there is none.'),
  keepConversations: z
    .boolean()
    .default(false)
    .describe('Whether conversations stay in the account. Otherwise each is deleted after its answer.'),
  promptTools: z
    .boolean()
    .default(true)
    .describe(
      'Whether tools are offered to the model by prompt, since the service has none. Otherwise they are a 400.',
    ),
})

export type OrionWebOptions = z.input<typeof options>

export type Settings = z.output<typeof options>

/** Fills in what is left out. Throws `invalid_request` where the options are not what the schema says. */
export function resolve(given: OrionWebOptions): Settings {
  const checked = options.safeParse(given)
  if (checked.success) return checked.data
  throw new DragomanError('invalid_request', `orion-web: ${z.prettifyError(checked.error)}`)
}

export const credential = z.strictObject({
  token: z
    .string()
    // It becomes a cookie.
    .regex(/^[^\s;,="]+$/, 'expected the value of the cookie `token` alone')
    .describe('The cookie `token` of your own signed-in session: a JWT.'),
})
