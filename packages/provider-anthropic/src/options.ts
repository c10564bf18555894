import { z } from 'zod'

const printable = /^[\x21-\x7e]+$/
const pasted = { error: 'expected a key without spaces or invisible characters' }

/** What may be said of a model that its name does not say. */
const modelOptions = z
  .strictObject({
    thinking: z
      .enum(['budget', 'adaptive', 'always'])
      .describe(
        'How it is told to think: by a number of tokens, by an effort, or by an effort and it cannot be told not to.',
      ),
    thinksUnasked: z.boolean().describe('Whether it thinks where a request says nothing about that.'),
    sampling: z.boolean().describe('Whether it takes `temperature`, `top_p` and `top_k`.'),
    forcedToolsWithThinking: z.boolean().describe('Whether a tool may be forced while it thinks.'),
    prefill: z.boolean().describe('Whether it goes on with a message of the assistant that stands last.'),
    systemAnywhere: z.boolean().describe('Whether it takes system messages in the middle of a conversation.'),
    maxTokens: z.int().min(1).describe('`max_tokens` where a request names no limit: Messages demand one.'),
  })
  .partial()

export const options = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://api.anthropic.com')
    .describe('Address of the API, with or without `/v1`.'),
  version: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .default('2023-06-01')
    .describe('`anthropic-version` of the requests; a client of Messages brings its own.'),
  beta: z
    .array(z.string().regex(printable))
    .default([])
    .describe('`anthropic-beta` of the requests, besides what a client of Messages brings.'),
  models: z
    .array(z.string().min(1))
    .optional()
    .describe('The models it serves. Without it the service is asked for its list.'),
  modelOptions: z
    .record(z.string(), modelOptions)
    .default({})
    .describe(
      'What models are like, by how their ids begin (the longest beginning counts), where their names do not say it: `{ "claude-opus-6": { "thinking": "always" } }`.',
    ),
  defaultModel: z
    .string()
    .min(1)
    .optional()
    .describe('What a server without a default model of its own takes as that. Default: none.'),
  proxy: z.string().optional().describe('Outgoing proxy of this provider: an `http:`, `https:` or `socks5:` URL.'),
})

export type AnthropicOptions = z.input<typeof options>

/** With everything filled in. */
export type Settings = z.output<typeof options>

/** What one entry under `credentials` may hold. */
export const credential = z
  .strictObject({
    apiKey: z.string().regex(printable, pasted).describe('A key of the Claude Console, `sk-ant-…`.').optional(),
    authToken: z
      .string()
      .regex(printable, pasted)
      .describe('In place of a key: what compatible services take as `Authorization: Bearer …`.')
      .optional(),
  })
  .refine(({ apiKey, authToken }) => apiKey !== undefined || authToken !== undefined, {
    error: 'expected an apiKey or an authToken',
  })
