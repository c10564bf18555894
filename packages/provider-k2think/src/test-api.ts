import { type Call, credential, memoryState, type Provider, toFetch } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { errorReply, eventStream, type Reply, type Step, sse, startFakeUpstream } from '@dragoman/testkit'
import OpenAI from 'openai'
import { type K2ThinkOptions, k2think } from './index.ts'

export const apiKey = 'ifm-key-0123456789'

const known = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'temperature',
  'max_tokens',
  'reasoning_effort',
])

/** The API as far as it is known: it refuses what no integration has been seen to send. */
export async function startApi(options: Partial<K2ThinkOptions> = {}) {
  const upstream = await startFakeUpstream()
  const replies: Reply[] = []
  upstream.on('/v1/chat/completions', ({ method, headers, json }) => {
    if (method !== 'POST') return errorReply(405, { detail: 'Method Not Allowed' })
    if (headers.authorization !== `Bearer ${apiKey}`) return errorReply(401, { detail: 'Invalid API key' })
    const unknown = Object.keys(json).filter((field) => !known.has(field))
    if (unknown.length > 0) return detail(`Unknown fields: ${unknown}`)
    if (json.model !== 'MBZUAI-IFM/K2-Think-v2') return errorReply(404, { detail: `No model ${json.model}` })
    for (const message of json.messages) {
      const isPlain = ['system', 'user', 'assistant'].includes(message.role) && typeof message.content === 'string'
      if (!isPlain || Object.keys(message).length !== 2) return detail(`No message: ${JSON.stringify(message)}`)
    }
    return replies.shift() ?? detail('The test has no answer for this')
  })
  const provider = k2think.create({ baseUrl: `${upstream.origin}/v1`, ...options })
  return {
    upstream,
    provider,
    ...clientsOf(provider, { apiKey }),
    answer(...more: Reply[]) {
      replies.push(...more)
    },
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

export function detail(words: string, status = 400): Reply {
  return errorReply(status, { detail: words })
}

/** What uses a provider: the OpenAI SDK, and its chunks bare. */
export function clientsOf(provider: Provider, values: Readonly<Record<string, string>>) {
  const fetch = toFetch(provider, { credential: values })
  return {
    fetch,
    client: new OpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch, maxRetries: 0 }),
    chunks: (request: Partial<ChatCompletionRequest>, signal: Call['signal'] = new AbortController().signal) =>
      provider.chat({ ...question, ...request }, { credential: credential(values), signal, state: memoryState() }),
  }
}

export const question = {
  model: 'K2-Think',
  messages: [{ role: 'user' as const, content: 'What is 2+2?' }],
}

export function streamed(texts: readonly (string | Step)[], finish: string | null = 'stop'): Reply {
  const steps = texts.flatMap((text): Step[] => (typeof text === 'string' ? sse(chunk({ content: text })) : [text]))
  return eventStream([...steps, ...sse(chunk({}, finish), '[DONE]')])
}

export function chunk(delta: ChatCompletionChunk['choices'][number]['delta'], finish_reason: string | null = null) {
  const choices = [{ index: 0, delta, finish_reason }]
  return { id: 'c1', object: 'chat.completion.chunk', created: 1_760_000_000, model: 'MBZUAI-IFM/K2-Think-v2', choices }
}

export const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

export function callOf(city: string): string {
  return `\`\`\`json\n{"tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "${city}"}}}]}\n\`\`\``
}
