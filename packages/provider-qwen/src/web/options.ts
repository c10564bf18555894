import { z } from 'zod'

const address = z.url({ protocol: /^https?$/ })

export const options = z.strictObject({
  baseUrl: address.default('https://chat.qwen.ai').describe('Another address of the site, such as a test’s.'),
  uploadBaseUrl: address
    .optional()
    .describe('Where files are put. Default: the storage that the site names with each upload, at aliyuncs.com.'),
  webVersion: z
    .string()
    .regex(/^[\w.-]+$/)
    .default('0.2.63')
    .describe('The build of the web application, which every request names.'),
  promptTools: z
    .boolean()
    .default(true)
    .describe('Whether tools are offered to the model by prompt, since the site has none. Otherwise they are a 400.'),
  deleteChats: z
    .boolean()
    .default(true)
    .describe('Whether the chat that each answer needs is deleted after it. Others of the account are never touched.'),
})

export type QwenWebOptions = z.output<typeof options>

const header = z.string().regex(/^[\x20-\x7e]+$/, { error: 'expected text that a header can carry' })
const cookie = header
  .optional()
  .describe('Further cookies of your own signed-in browser, as its header says them. They are sent as they are.')

/** A session of one's own, or the account that it is fetched with. */
export const credential = z.union([
  z.strictObject({
    token: header.describe('The cookie `token` of your own signed-in browser, or what older proxies made of it.'),
    cookie,
  }),
  z.strictObject({
    email: z.string().min(1).describe('The address of the account.'),
    password: z.string().min(1).describe('Its password. It is sent as its SHA-256, as the site asks.'),
    cookie,
  }),
])
