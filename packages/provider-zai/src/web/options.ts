import { z } from 'zod'

export const options = z.strictObject({
  signingKey: z
    .string()
    .min(1)
    .describe(
      "The key by which the site signs its calls, which is the site's and changes: it has no default, and without it this door stays shut.",
    ),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Another address of the site. Default: https://chat.z.ai.'),
  guest: z
    .boolean()
    .optional()
    .describe('Where no token is given, one guest of the site is used. It takes no images. Default: false.'),
  promptTools: z
    .boolean()
    .optional()
    .describe(
      'Whether tools are offered to the model by prompt, since the site has none. Otherwise they are a 400. Default: true.',
    ),
  timeZone: z.string().min(1).optional().describe('IANA name of the time zone that the model is told. Default: UTC.'),
  language: z.string().min(2).optional().describe('Language that the site is told. Default: en-US.'),
  models: z
    .array(z.string().min(1))
    .optional()
    .describe("More models, by the site's own ids, which are sent as they are."),
  defaultModel: z
    .string()
    .min(1)
    .optional()
    .describe('What a server without a default model of its own takes as that. Default: none.'),
})

export type ZaiWebOptions = z.output<typeof options>

/** What one entry under `credentials` may hold; nothing at all is a guest, where that is allowed. */
export const credential = z
  .strictObject({
    token: z
      .string()
      .regex(/^[\w-]+\.[\w-]+\.[\w-]*$/, { error: 'expected the JWT that chat.z.ai keeps as `token`' })
      .optional()
      .describe('`token` of the local storage of chat.z.ai, taken from your own signed-in browser.'),
    email: z.string().min(3).optional().describe('Of your own account; the site mostly asks for a captcha then.'),
    password: z.string().min(1).optional().describe('Of the same account.'),
  })
  .refine(({ email, password }) => (email === undefined) === (password === undefined), {
    path: ['password'],
    error: 'expected an email together with its password',
  })
