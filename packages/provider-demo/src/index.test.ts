import {
  type Call,
  canonicalChunks,
  collect,
  credential,
  DragomanError,
  type ErrorCode,
  memoryState,
  transformed,
} from '@dragoman/core'
import { type ChatCompletionChunk, type ChatCompletionRequest, chatCompletionChunk } from '@dragoman/openai-schema'
import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { demo } from './index.ts'

const provider = demo.create({}, { clock: handClock(Date.UTC(2026, 10, 20)) })

type Asked = Partial<ChatCompletionRequest>

function requestFor(text: string, more: Asked = {}): ChatCompletionRequest {
  return { model: 'demo', messages: [{ role: 'user', content: text }], ...more }
}

function callWith(signal = new AbortController().signal): Call {
  return { credential: credential({}), signal, state: memoryState() }
}

function chunksFor(text: string, more?: Asked): Promise<ChatCompletionChunk[]> {
  return Array.fromAsync(provider.chat(requestFor(text, more), callWith()))
}

async function answerFor(text: string, more?: Asked) {
  const request = requestFor(text, more)
  const completion = await collect(provider.chat(request, callWith()), request)
  const [choice] = completion.choices
  if (!choice) throw new Error('an answer without a choice')
  return { ...choice, usage: completion.usage, choices: completion.choices }
}

const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}
const time = {
  type: 'function' as const,
  function: { name: 'get_time', parameters: { properties: { zone: { type: 'string' } }, required: ['zone'] } },
}
const patch = { type: 'custom' as const, custom: { name: 'patch', description: 'Changes a file' } }

const everything: [string, string, Asked][] = [
  ['a text', 'Hello', {}],
  ['several choices', 'Hello', { n: 3 }],
  ['calls', 'weather and time in Paris', { tools: [weather, time], n: 2 }],
  ['a custom call', 'patch it', { tools: [patch] }],
  ['a legacy call', 'weather in Paris', { functions: [weather.function] }],
  ['reasoning', 'Hello', { model: 'demo-reasoner' }],
  ['markup', 'weather in Paris', { model: 'demo-kimi', tools: [weather] }],
  ['JSON', 'Hello', { response_format: { type: 'json_object' } }],
  ['an answer of one token', 'Hello', { max_tokens: 1 }],
]

test.each(everything)('%s: the chunks are canonical as they are', async (_name, text, more) => {
  const chunks = await chunksFor(text, more)
  for (const chunk of chunks) expect(chatCompletionChunk.safeParse(chunk).error).toBeUndefined()
  // What needs no repair goes through as the same object; the usage is always made anew.
  const repaired = await Array.fromAsync(
    transformed(ReadableStream.from(chunks), canonicalChunks(requestFor(text, more))),
  )
  expect(repaired).toEqual(chunks)
  expect(repaired.findIndex((chunk, i) => chunk !== chunks[i])).toBe(chunks.length - 1)
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) } })
})

test.each(everything)('%s: the same request gets the same answer, streamed or not', async (_name, text, more) => {
  expect(await chunksFor(text, { ...more, stream: true })).toEqual(await chunksFor(text, more))
})

test('requests that differ have answers and calls with different ids', async () => {
  const ids = await Promise.all(
    ['weather in Paris', 'weather in Rome'].map(async (text) => {
      const answer = await answerFor(text, { tools: [weather], n: 2 })
      return answer.choices.map(({ message }) => message.tool_calls?.[0]?.id)
    }),
  )
  expect(new Set(ids.flat()).size).toBe(4)
})

test('created comes from the clock', async () => {
  expect(new Set((await chunksFor('Hello')).map(({ created }) => created))).toEqual(
    new Set([Date.UTC(2026, 10, 20) / 1000]),
  )
})

test('the text says what came in, and no piece of it ends inside a character', async () => {
  const content = [
    { type: 'text' as const, text: 'What is 🐉 in\n\nthese?' },
    { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AAAA' } },
    { type: 'image_url' as const, image_url: { url: 'https://example.com/cat.png?signature=x' } },
    { type: 'input_audio' as const, input_audio: { data: 'AAAAAAA=', format: 'wav' } },
    { type: 'file' as const, file: { filename: 'a.pdf' } },
  ]
  const more: Asked = {
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content },
    ],
    tools: [weather],
  }
  const { message } = await answerFor('', more)
  expect(message.content).toContain('You wrote: “What is 🐉 in these?”')
  expect(message.content).toContain(
    'I also got an image (image/png, 3 bytes), an image (example.com/cat.png), audio (wav, 5 bytes), the file a.pdf and a system prompt.',
  )
  expect(message.content).toContain('I may call `get_weather`')
  for (const { choices } of await chunksFor('', more)) {
    expect(choices[0]?.delta.content ?? '').not.toMatch(/[\uD800-\uDBFF]$/)
  }
})

test('a text of a megabyte is echoed in part only', async () => {
  const { message } = await answerFor('🐉'.repeat(300_000))
  expect(message.content?.length).toBeLessThan(2000)
})

test('the reasoner reasons first, in a field of its own, and not at all when asked not to', async () => {
  const { message, usage } = await answerFor('Hello', { model: 'demo-reasoner' })
  expect(message.reasoning_content).toMatch(/^The user's last message has 1 word\./)
  expect(usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0)
  const quiet = await answerFor('Hello', { model: 'demo-reasoner', reasoning_effort: 'none' })
  expect(quiet.message).not.toHaveProperty('reasoning_content')
  expect(quiet.usage?.completion_tokens_details?.reasoning_tokens).toBe(0)
})

test('a model that is not known answers under its own name', async () => {
  const chunks = await chunksFor('Hello', { model: 'gpt-9' })
  expect(chunks.every(({ model }) => model === 'gpt-9')).toBe(true)
})

test('the models are listed with a description', async () => {
  const models = (await provider.models?.(callWith())) ?? []
  expect(models.map(({ id }) => id)).toEqual([
    'demo',
    'demo-reasoner',
    'demo-think-tags',
    'demo-think-prefilled',
    'demo-kimi',
  ])
  expect(models.every(({ description }) => description)).toBe(true)
})

test('tools that the text asks for are called, in parallel unless that is refused', async () => {
  const { message, finish_reason } = await answerFor('weather and time in Paris?', { tools: [weather, time] })
  expect(finish_reason).toBe('tool_calls')
  expect(message.content).toBeNull()
  expect(message.tool_calls).toMatchObject([
    { type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } },
    { type: 'function', function: { name: 'get_time', arguments: '{"zone":"Paris"}' } },
  ])
  const one = await answerFor('weather and time?', { tools: [weather, time], parallel_tool_calls: false })
  expect(one.message.tool_calls).toHaveLength(1)
})

test('who is called comes once and first, then what with', async () => {
  const deltas = (await chunksFor('weather in Paris', { tools: [weather] })).flatMap(({ choices }) =>
    choices.map(({ delta }) => delta),
  )
  const id = expect.stringMatching(/^call_\w+$/)
  expect(deltas).toEqual([
    { role: 'assistant', content: null },
    { tool_calls: [{ index: 0, id, type: 'function', function: { name: 'get_weather', arguments: '' } }] },
    { tool_calls: [{ index: 0, function: { arguments: '{"city":"Paris"}' } }] },
    {},
  ])
})

test('a custom tool gets the text, or what its expression wants', async () => {
  const { message } = await answerFor('patch it', { tools: [patch] })
  expect(message.tool_calls).toMatchObject([{ type: 'custom', custom: { name: 'patch', input: 'patch it' } }])
  const grammar = { definition: '[A-Z]{2}\\d', syntax: 'regex' }
  const strict = { ...patch, custom: { ...patch.custom, format: { type: 'grammar' as const, grammar } } }
  const { message: other } = await answerFor('patch K7', { tools: [strict] })
  expect(other.tool_calls).toMatchObject([{ custom: { input: 'AB1' } }])
})

test('functions of the older form are called in the older form', async () => {
  const { message, finish_reason } = await answerFor('weather in Paris', { functions: [weather.function] })
  expect(finish_reason).toBe('function_call')
  expect(message.function_call).toEqual({ name: 'get_weather', arguments: '{"city":"Paris"}' })
})

test('after the results of tools comes a text with them, whatever the choice of tools', async () => {
  const messages: ChatCompletionRequest['messages'] = [
    { role: 'user', content: 'weather in Paris' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'get_weather', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'a', content: '{"temperature": 18}' },
    { role: 'user', content: 'A reminder about the weather.' },
  ]
  const { message, finish_reason } = await answerFor('', { messages, tools: [weather], tool_choice: 'required' })
  expect(finish_reason).toBe('stop')
  expect(message.content).toContain('- `get_weather`: {"temperature": 18}')

  const format = {
    type: 'json_schema' as const,
    json_schema: { name: 'x', schema: { properties: { temperature: { type: 'integer' } }, required: ['temperature'] } },
  }
  const { message: json } = await answerFor('', { messages, response_format: format })
  expect(json.content).toBe('{"temperature":18}')
})

test('a limit is kept, reasoning included, at whole words', async () => {
  for (const maxTokens of [1, 2, 10, 40, 60]) {
    const answer = await answerFor('Hello', { model: 'demo-reasoner', max_completion_tokens: maxTokens })
    expect(answer.finish_reason).toBe('length')
    expect(answer.usage?.completion_tokens).toBeLessThanOrEqual(maxTokens)
    expect(`${answer.message.reasoning_content}`).not.toBe('')
  }
  const { message } = await answerFor('Hello', { max_tokens: 10 })
  expect(message.content).toBe('Hello! 👋 I am “demo”, the offline')
})

test('a limit can end a call in the middle of its arguments', async () => {
  const { finish_reason, message } = await answerFor('weather in “a rather long name of a city”', {
    tools: [weather],
    max_tokens: 8,
  })
  expect(finish_reason).toBe('length')
  expect(message.tool_calls).toMatchObject([{ function: { name: 'get_weather', arguments: '{"city":"a rather' } }])
})

test('the answer ends before the first of the texts to stop at', async () => {
  const { message, finish_reason } = await answerFor('Hello', { stop: ['network', 'offline'] })
  expect(finish_reason).toBe('stop')
  expect(message.content).toBe('Hello! 👋 I am “demo”, the ')
})

test('several choices take turns and differ', async () => {
  const indexes = (await chunksFor('Hello', { n: 3 })).flatMap(({ choices }) => choices.map(({ index }) => index))
  expect(indexes.slice(0, 6)).toEqual([0, 1, 2, 0, 1, 2])
  const { choices } = await answerFor('Hello', { n: 3 })
  expect(new Set(choices.map(({ message }) => message.content)).size).toBe(3)
})

test('the usage counts four bytes a token and is no estimate', async () => {
  const { message, usage } = await answerFor('Hello')
  expect(usage).toMatchObject({
    prompt_tokens: 3,
    completion_tokens: Math.ceil(Buffer.byteLength(message.content ?? '') / 4),
  })
  expect(usage).not.toHaveProperty('estimated')
})

test.each<[Asked, string]>([
  [{ logprobs: true }, 'logprobs'],
  [{ modalities: ['text', 'audio'] }, 'modalities'],
  [{ web_search_options: {} }, 'web_search_options'],
  [{ n: 1000 }, 'n'],
  [{ max_tokens: 0 }, 'max_tokens'],
  [{ response_format: { type: 'grammar' } }, 'response_format'],
])('%j is refused before any call and in it', async (more, param) => {
  expect(provider.accepts?.(requestFor('Hello', more)).refused).toMatchObject({ param })
  await expect(chunksFor('Hello', more)).rejects.toMatchObject({ code: 'unsupported_value', param })
})

test('what has no effect is named', () => {
  const more: Asked = {
    temperature: 1,
    top_p: null,
    seed: 7,
    reasoning_effort: 'high',
    tools: [weather, { type: 'mcp' }],
  }
  expect(provider.accepts?.(requestFor('Hello', more))).toEqual({
    dropped: ['temperature', 'reasoning_effort', 'tools[1]'],
    refused: undefined,
  })
  expect(provider.accepts?.(requestFor('Hello', { model: 'demo-reasoner', reasoning_effort: 'high' })).dropped).toEqual(
    [],
  )
})

test('a body that is wrong is refused with the field at fault', async () => {
  const request = JSON.parse('{"model":"demo","messages":[{"role":"user","content":7}]}')
  await expect(Array.fromAsync(provider.chat(request, callWith()))).rejects.toMatchObject({
    code: 'invalid_request',
    param: 'messages[0].content',
  })
})

test.each<[string, ErrorCode, object]>([
  ['429', 'rate_limited', { retryAfterMs: 2000, scope: 'credential' }],
  ['500', 'upstream_unavailable', { origin: 'upstream' }],
  ['context', 'context_length_exceeded', { param: 'messages' }],
  ['cut', 'upstream_protocol', { origin: 'upstream' }],
  ['empty', 'upstream_empty', {}],
])('demo:error %s ends in %s', async (word, code, more) => {
  await expect(answerFor(`Please demo:error ${word}.`)).rejects.toMatchObject({ code, ...more })
})

test('demo:error cut breaks off after some text, without a finish reason', async () => {
  const seen: ChatCompletionChunk[] = []
  const reading = async () => {
    for await (const chunk of provider.chat(requestFor('demo:error cut'), callWith())) seen.push(chunk)
  }
  await expect(reading()).rejects.toBeInstanceOf(DragomanError)
  expect(seen.length).toBeGreaterThan(10)
  expect(seen.flatMap(({ choices }) => choices).every(({ finish_reason }) => finish_reason === null)).toBe(true)
})

test('an abort ends the answer at the next chunk', async () => {
  const controller = new AbortController()
  const chunks = provider.chat(requestFor('Hello'), callWith(controller.signal))[Symbol.asyncIterator]()
  await chunks.next()
  controller.abort()
  await expect(chunks.next()).rejects.toMatchObject({ code: 'aborted' })
  await expect(answerFor('Hello')).resolves.toBeDefined()
})

test('an abort before the call lets nothing out', async () => {
  const chunks = provider.chat(requestFor('Hello'), callWith(AbortSignal.abort()))
  await expect(Array.fromAsync(chunks)).rejects.toMatchObject({ code: 'aborted' })
})

test('neither options nor a credential are needed, and none are taken', () => {
  expect(demo.options.safeParse({}).success).toBe(true)
  expect(demo.options.safeParse({ speed: 9 }).success).toBe(false)
  expect(demo.credential.safeParse({}).success).toBe(true)
})
