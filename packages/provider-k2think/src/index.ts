import type { Provider, ProviderFactory } from '@dragoman/core'
import { createCompatible } from '@dragoman/provider-openai-compatible'
import { abortOnLeave } from '@dragoman/upstream'
import { z } from 'zod'
import { honoured, unhonoured } from './honoured-fields.ts'
import { modelNames, resolveModel } from './models.ts'
import { plainMessages } from './plain-messages.ts'
import { readAnswer } from './read-answer.ts'
import { hostedTools, refusal } from './refusal.ts'
import { UsageQuestion } from './usage-refused.ts'

const id = 'k2think'
/** What the API takes and the site does not. */
const beside = ['reasoning_effort']

const options = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address of the API, for one that stands elsewhere. Default: https://api.k2think.ai/v1.'),
  models: z.array(z.string().min(1)).optional().describe('Ids of models that the service has beyond those known here.'),
  streamUsage: z
    .boolean()
    .optional()
    .describe('Whether a stream is asked for its usage (`stream_options`). Default: until the service refuses that.'),
  promptTools: z
    .boolean()
    .optional()
    .describe(
      'Whether tools are offered to the model by prompt, since it has none. Otherwise they are a 400. Default: true.',
    ),
  headers: z.record(z.string(), z.string()).optional().describe("Headers of every request, besides the credential's."),
  proxy: z.string().optional().describe('Outgoing proxy: an `http:`, `https:` or `socks5:` URL.'),
})

export type K2ThinkOptions = z.output<typeof options>

/** K2-Think by its documented API. */
export const k2think: ProviderFactory<K2ThinkOptions> = {
  id,
  options,
  credential: z.strictObject({
    apiKey: z
      .string()
      .regex(/^[\x21-\x7e]+$/, { error: 'expected a key without spaces or invisible characters' })
      .describe('A key of the K2-Think API.'),
  }),
  create(
    { baseUrl = 'https://api.k2think.ai/v1', models, streamUsage = true, promptTools = true, ...given },
    environment,
  ): Provider {
    const settings = {
      cacheMarks: [],
      ...given,
      baseUrl,
      models: modelNames(models),
      tokenLimitField: 'max_tokens' as const,
      // The model's template leaves out the reasoning of earlier turns, and a field for it is not documented.
      sendReasoningHistory: false,
    }
    const named = { id, name: 'K2-Think' }
    const service = createCompatible({ ...settings, streamUsage: true }, named, environment)
    const withoutUsage = createCompatible({ ...settings, streamUsage: false }, named, environment)
    const usage = new UsageQuestion(streamUsage)
    return {
      id,
      // What is left in its text after `readAnswer` is meant to be there.
      readsMarkup: true,
      accepts(request) {
        const { dropped = [] } = service.accepts?.(honoured(request, beside)) ?? {}
        const lost = [...unhonoured(request, beside), ...dropped, ...hostedTools(request)]
        return { dropped: lost, refused: refusal(request, promptTools) }
      },
      chat: (request, call) =>
        abortOnLeave(async (left) => {
          const { id: model, hidesReasoning } = resolveModel(request.model, models)
          const { stop, tools, tool_choice, parallel_tool_calls, functions, function_call, ...rest } = honoured(
            request,
            beside,
          )
          const signal = AbortSignal.any([call.signal, left])
          const messages = await plainMessages(request, { signal, allow: environment?.mediaFrom })
          const asked = { ...rest, model, messages }
          const chunks = await usage.open((wantsUsage) =>
            (wantsUsage ? service : withoutUsage).chat(asked, { ...call, signal }),
          )
          return readAnswer(chunks, request, { hidesReasoning })[Symbol.asyncIterator]()
        }),
      models: (call) => service.models?.(call) ?? Promise.resolve([]),
      async close() {
        await Promise.all([service.close(), withoutUsage.close()])
      },
    }
  },
}
