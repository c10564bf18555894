import { tokens } from '@dragoman/testkit'
import { HumanMessage, ToolMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { describe, expect, test } from 'vitest'
import { model, startFront } from './test-front.ts'
import { upstreamKinds } from './test-upstreams.ts'
import { chatTool } from './test-weather.ts'

const usage = tokens(12, 7)
const looks = { toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: { city: 'Oslo' } }], usage }
const says = { text: ['It is ', 'raining.'], usage }

async function loops(kind: (typeof upstreamKinds)[number], useResponsesApi: boolean) {
  await using front = await startFront(kind)
  front.answers(looks, says)
  const configuration = { baseURL: `${front.url}/v1` }
  const chat = new ChatOpenAI({ model, apiKey: front.key, configuration, useResponsesApi, maxRetries: 0 })
  const bound = chat.bindTools([chatTool])
  const question = new HumanMessage('Weather in Oslo?')
  const first = await bound.invoke([question])
  expect(first.tool_calls).toMatchObject([{ name: 'get_weather', args: { city: 'Oslo' } }])
  const result = new ToolMessage({ content: 'rain', tool_call_id: first.tool_calls?.[0]?.id ?? '' })
  const pieces: string[] = []
  for await (const chunk of await bound.stream([question, first, result])) pieces.push(chunk.text)
  expect(pieces.join('')).toBe('It is raining.')
}

describe.each(upstreamKinds)('over $id', (kind) => {
  test('covers langchain chat tools: a tool loop, whole and streamed', () => loops(kind, false))
  test('covers langchain responses tools: a tool loop, whole and streamed', () => loops(kind, true))
})
