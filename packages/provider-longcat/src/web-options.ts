import { z } from 'zod'

export const webOptions = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://longcat.chat')
    .describe('Address of the site.'),
  protocol: z
    .enum(['v2', 'v1'])
    .default('v2')
    .describe('How a question is put: as the site does now (the default), or as it did before.'),
  completionPath: z
    .string()
    .startsWith('/')
    .optional()
    .describe("Where questions are sent, should the site move it. Default: the protocol's."),
  agentId: z
    .string()
    .min(1)
    .default('1')
    .describe('Which agent of the site answers; `2` is said to be its better one.'),
  appKey: z
    .string()
    .default('fe_com.sankuai.friday.fe.longcat')
    .describe('The header `m-appkey`, which says which part of the site is asked; not sent where it is empty.'),
  language: z.enum(['en', 'zh']).default('en').describe('Language of what the site itself says, such as errors.'),
  promptTools: z
    .boolean()
    .default(true)
    .describe('Whether tools are offered to the model by prompt, since the site has none. Otherwise they are a 400.'),
  keepConversations: z
    .boolean()
    .default(false)
    .describe('Whether the conversations that are made here stay in the account.'),
})

export type LongCatWebOptions = z.input<typeof webOptions>

export const webCredential = z.strictObject({
  token: z
    .string()
    .trim()
    .regex(/^[\x20-\x7e]+$/, { error: 'expected a cookie without line breaks or invisible characters' })
    .refine((text) => !text.includes(';') || text.includes('passport_token_key='), {
      error: 'expected a cookie header that holds passport_token_key',
    })
    .describe(
      'The value of the cookie `passport_token_key` of your own signed-in session, or the whole cookie header.',
    ),
})
