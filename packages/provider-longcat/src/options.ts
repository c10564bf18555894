import { DragomanError } from '@dragoman/core'
import { z } from 'zod'

/**
 * Request fields that LongCat's table does not have. What each of them does there is not established, so none is sent
 * unless `keepFields` names it.
 */
export const fieldsBeyondTable = [
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'metadata',
  'min_p',
  'moderation',
  'n',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'repetition_penalty',
  'response_format',
  'safety_identifier',
  'seed',
  'service_tier',
  'stop',
  'store',
  'top_k',
  'user',
  'verbosity',
] as const

export const options = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://api.longcat.chat')
    .describe('Address of the API; `/openai` or `/openai/v1` at its end may be there or not.'),
  models: z
    .array(z.string().min(1))
    .optional()
    .describe('The models it serves. Without it the service is asked for its list.'),
  tools: z
    .enum(['native', 'prompted'])
    .default('native')
    .describe('Whether tools are sent as such (the default), or written into the prompt and read out of the text.'),
  keepFields: z
    .array(z.enum(fieldsBeyondTable))
    .default([])
    .describe("Fields that are sent although LongCat's documentation does not have them."),
})

export type LongCatOptions = z.input<typeof options>

/** Fills the defaults in. Throws `invalid_request`: who creates a provider by hand may have bypassed the types. */
export function checked<Output>(schema: z.ZodType<Output>, given: unknown, id: string): Output {
  const read = schema.safeParse(given)
  if (read.success) return read.data
  throw new DragomanError('invalid_request', `${id}: ${z.prettifyError(read.error)}`)
}

/** One key serves both dialects. */
export const credential = z.strictObject({
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'expected a key without spaces or invisible characters' })
    .describe('A key of longcat.chat/platform.'),
})
