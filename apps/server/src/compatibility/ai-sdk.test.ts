import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, jsonSchema, type LanguageModel, stepCountIs, streamText, tool } from 'ai'
import { describe, expect, test } from 'vitest'
import { type Front, model, startFront } from './test-front.ts'
import { looks, says } from './test-said.ts'
import { upstreamKinds } from './test-upstreams.ts'
import { weather } from './test-weather.ts'

const prompt = 'Weather in Oslo?'

const compatible = ({ url, key }: Front) =>
  createOpenAICompatible({ name: 'front', baseURL: `${url}/v1`, apiKey: key, includeUsage: true })(model)
const responses = ({ url, key }: Front) => createOpenAI({ baseURL: `${url}/v1`, apiKey: key })(model)
const messages = ({ url, key }: Front) => createAnthropic({ baseURL: `${url}/v1`, apiKey: key })(model)

const thinks = {
  anthropic: { thinking: { type: 'enabled' as const, budgetTokens: 2048 } },
  openai: { reasoningEffort: 'high', reasoningSummary: 'auto', forceReasoning: true },
  front: { reasoningEffort: 'high' },
}

function weatherOf(asked: string[]) {
  return tool({
    description: weather.description,
    inputSchema: jsonSchema<{ city: string }>(weather.schema),
    execute: async ({ city }) => {
      asked.push(city)
      return 'rain'
    },
  })
}

async function loops(kind: (typeof upstreamKinds)[number], open: (front: Front) => LanguageModel, isStreamed: boolean) {
  await using front = await startFront(kind)
  front.answers(looks, says)
  const asked: string[] = []
  const options = {
    model: open(front),
    prompt,
    tools: { [weather.name]: weatherOf(asked) },
    stopWhen: stepCountIs(3),
    providerOptions: thinks,
    maxRetries: 0,
  }
  const result = isStreamed ? streamText(options) : await generateText(options)
  const [text, steps] = await Promise.all([result.text, result.steps])
  expect(text).toBe('It is raining.')
  expect(asked).toEqual(['Oslo'])
  expect(steps).toHaveLength(2)
  expect(steps[1]?.reasoningText).toBe('Rain it is.')
  expect(steps[1]?.usage).toMatchObject({ inputTokens: 12, outputTokens: 7 })
}

describe.each(upstreamKinds)('over $id', (kind) => {
  test.each([false, true])(
    'covers ai-sdk chat tools: openai-compatible runs a tool loop with reasoning (stream: %s)',
    (isStreamed) => loops(kind, compatible, isStreamed),
  )

  test.each([false, true])(
    'covers ai-sdk responses tools: openai runs a tool loop with reasoning (stream: %s)',
    (isStreamed) => loops(kind, responses, isStreamed),
  )

  test.each([false, true])(
    'covers ai-sdk messages tools: anthropic runs a tool loop with reasoning (stream: %s)',
    (isStreamed) => loops(kind, messages, isStreamed),
  )
})
