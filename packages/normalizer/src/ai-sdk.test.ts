import {
  generateText,
  jsonSchema,
  simulateReadableStream,
  stepCountIs,
  streamText,
  type ToolSet,
  wrapLanguageModel,
} from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, test } from 'vitest'
import { type MarkupMiddlewareOptions, markupMiddleware } from './ai-sdk.ts'
import { hermes } from './formats/hermes.ts'
import { kimiK2 } from './formats/kimi-k2.ts'
import { prompted } from './formats/prompted.ts'
import { everyCut } from './text-cuts.ts'

type Generated = Awaited<ReturnType<MockLanguageModelV4['doGenerate']>>
type Part = Awaited<ReturnType<MockLanguageModelV4['doStream']>>['stream'] extends ReadableStream<infer P> ? P : never

const usage: Generated['usage'] = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}
const stop = { unified: 'stop', raw: 'stop' } as const
const text =
  '<think>Hm.</think>Let me look.\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
const inputSchema = jsonSchema<{ city: string }>({
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
})
const tools: ToolSet = { get_weather: { description: 'Weather of a city.', inputSchema } }

function generated(content: Generated['content'], finishReason: Generated['finishReason'] = stop): Generated {
  return { content, finishReason, usage, warnings: [] }
}

function model(
  answer: Generated | readonly Part[] | readonly (readonly Part[])[],
  options: MarkupMiddlewareOptions = { format: hermes },
) {
  const mock = new MockLanguageModelV4({
    doGenerate: async () => answer as Generated,
    doStream: async () => ({
      stream: simulateReadableStream({
        chunks: [...(answer as readonly Part[])],
        initialDelayInMs: null,
        chunkDelayInMs: null,
      }),
    }),
  })
  return { mock, model: wrapLanguageModel({ model: mock, middleware: markupMiddleware(options) }) }
}

function textParts(pieces: readonly string[], finishReason: Generated['finishReason'] = stop): Part[] {
  return [
    { type: 'stream-start', warnings: [] },
    { type: 'text-start', id: '0' },
    ...pieces.map((delta): Part => ({ type: 'text-delta', id: '0', delta })),
    { type: 'text-end', id: '0' },
    { type: 'finish', finishReason, usage },
  ]
}

async function partsOf(given: readonly Part[], options?: MarkupMiddlewareOptions): Promise<Part[]> {
  const { stream } = await model(given, options).model.doStream({
    prompt: [],
    tools: [{ type: 'function', name: 'get_weather', inputSchema: {} }],
  })
  return await Array.fromAsync(stream)
}

/** A stream that ends in a way of its own after one piece of text. */
async function streamed(
  delta: string,
  end: (controller: ReadableStreamDefaultController<Part>) => void,
  cancel?: (reason: unknown) => void,
): Promise<ReadableStream<Part>> {
  const given = textParts([delta]).slice(0, 3)
  const stream = new ReadableStream<Part>({
    pull(controller) {
      const part = given.shift()
      if (part) controller.enqueue(part)
      else end(controller)
    },
    ...(cancel && { cancel }),
  })
  const mock = new MockLanguageModelV4({ doStream: async () => ({ stream }) })
  const wrapped = wrapLanguageModel({ model: mock, middleware: markupMiddleware({ format: hermes }) })
  return (await wrapped.doStream({ prompt: [] })).stream
}

describe('generateText', () => {
  test('gets reasoning, text and calls', async () => {
    const result = await generateText({
      model: model(generated([{ type: 'text', text }])).model,
      tools,
      prompt: 'Weather?',
    })
    expect(result.reasoningText).toBe('Hm.')
    expect(result.text).toBe('Let me look.')
    expect(result.toolCalls).toMatchObject([{ toolName: 'get_weather', input: { city: 'Oslo' } }])
    expect(result.finishReason).toBe('tool-calls')
  })

  test('gets the parts that are not text, and text without markup, as they are', async () => {
    const source = { type: 'source', sourceType: 'url', id: 's', url: 'https://example.org' } as const
    const content: Generated['content'] = [{ type: 'text', text: 'Yes.', providerMetadata: { a: { b: 1 } } }, source]
    const result = await model(generated(content)).model.doGenerate({ prompt: [] })
    expect(result).toEqual(generated(content))
  })

  test('gets structured output without its markup', async () => {
    const answer = {
      ...generated([{ type: 'text', text: 'draft' }]),
      structuredOutputText: '<think>Hm.</think>{"a": 1}',
    }
    expect((await model(answer).model.doGenerate({ prompt: [] })).structuredOutputText).toBe('{"a": 1}')
  })

  test('without tools reads no calls in plain text', async () => {
    const result = await generateText({ model: model(generated([{ type: 'text', text }])).model, prompt: 'Weather?' })
    expect(result.toolCalls).toEqual([])
    expect(result.text).toBe(text.slice('<think>Hm.</think>'.length))
  })

  test('runs the tools in several steps', async () => {
    const answers = [generated([{ type: 'text', text }]), generated([{ type: 'text', text: 'It rains.' }])]
    const mock = new MockLanguageModelV4({ doGenerate: async () => answers.shift() ?? generated([]) })
    const execute = async ({ city }: { city: string }) => `rain in ${city}`
    const running: ToolSet = { get_weather: { inputSchema, execute } }
    const result = await generateText({
      model: wrapLanguageModel({ model: mock, middleware: markupMiddleware({ format: hermes }) }),
      tools: running,
      prompt: 'Weather?',
      stopWhen: stepCountIs(3),
    })
    expect(result.text).toBe('It rains.')
    expect(JSON.stringify(mock.doGenerateCalls[1]?.prompt)).toContain('rain in Oslo')
  })
})

describe('streamText', () => {
  test('gets the same wherever the text is cut', async () => {
    for (const pieces of [[text], [...text], ...everyCut(text).slice(0, 130)]) {
      const result = streamText({ model: model(textParts(pieces)).model, tools, prompt: 'Weather?' })
      expect(await result.text).toBe('Let me look.')
      expect(await result.reasoningText).toBe('Hm.')
      expect(await result.toolCalls).toMatchObject([{ toolName: 'get_weather', input: { city: 'Oslo' } }])
      expect(await result.finishReason).toBe('tool-calls')
    }
  })

  test('gets parts in the order that the SDK wants', async () => {
    const parts = await partsOf(textParts([text]), { format: hermes, newId: () => 'made' })
    expect(parts).toEqual([
      { type: 'stream-start', warnings: [] },
      { type: 'reasoning-start', id: 'markup-reasoning-0' },
      { type: 'reasoning-delta', id: 'markup-reasoning-0', delta: 'Hm.' },
      { type: 'reasoning-end', id: 'markup-reasoning-0' },
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'Let me look.' },
      { type: 'text-end', id: '0' },
      { type: 'tool-input-start', id: 'made', toolName: 'get_weather' },
      { type: 'tool-input-delta', id: 'made', delta: '{"city": "Oslo"}' },
      { type: 'tool-input-end', id: 'made' },
      { type: 'tool-call', toolCallId: 'made', toolName: 'get_weather', input: '{"city": "Oslo"}' },
      { type: 'finish', finishReason: { unified: 'tool-calls', raw: 'stop' }, usage },
    ])
  })

  test('gets parts of text without markup as the same objects', async () => {
    const given = textParts(['Hello', ', <b>world</b>', '!'])
    const parts = await partsOf(given)
    expect(parts).toHaveLength(given.length)
    for (const [i, part] of parts.entries()) if (i !== 2) expect(part).toBe(given[i])
  })

  test('gets no call for one that the stream broke, and what was held', async () => {
    const half = `${text.slice(0, -20)}`
    const error = { type: 'error', error: new Error('reset') } as const
    const parts = await partsOf([...textParts([half]).slice(0, 3), error])
    expect(parts.filter(({ type }) => type === 'tool-call')).toEqual([])
    expect(parts.at(-1)).toBe(error)
    const held = await partsOf([...textParts(['a <tool_']).slice(0, 3), error])
    expect(held.flatMap((part) => (part.type === 'text-delta' ? part.delta : [])).join('')).toBe('a <tool_')
  })

  test('gets what was held before the error of a stream that breaks, and then the error', async () => {
    const error = new Error('reset')
    const reader = (await streamed('a <tool_', (controller) => controller.error(error))).getReader()
    const parts: Part[] = []
    const run = async () => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        parts.push(value)
        for (let turn = 0; turn < 50; turn++) await undefined // an error could overtake what waits to be read
      }
    }
    await expect(run()).rejects.toBe(error)
    expect(parts.flatMap((part) => (part.type === 'text-delta' ? part.delta : [])).join('')).toBe('a <tool_')
    expect(parts.at(-1)).toEqual({ type: 'text-end', id: '0' })
  })

  test('that is no longer wanted ends that of the provider', async () => {
    const cancelled = Promise.withResolvers<unknown>()
    const stream = await streamed('a <tool_', () => {}, cancelled.resolve)
    const reader = stream.getReader()
    await reader.read()
    const waiting = reader.read()
    await reader.cancel('enough')
    expect(await cancelled.promise).toBe('enough')
    await waiting
  })

  test('gets a call that the limit cut with the arguments that came, and the limit', async () => {
    const parts = await partsOf(textParts([text.slice(0, text.indexOf('}'))], { unified: 'length', raw: 'length' }))
    expect(parts.find(({ type }) => type === 'tool-call')).toMatchObject({ input: '{"city": "Oslo"' })
    expect(parts.at(-1)).toMatchObject({ finishReason: { unified: 'length' } })
  })

  test('gets a call once that is in the text and native as well', async () => {
    const native: Part[] = [
      { type: 'tool-input-start', id: 'n', toolName: 'get_weather' },
      { type: 'tool-input-delta', id: 'n', delta: '{"city":"Oslo"}' },
      { type: 'tool-input-end', id: 'n' },
      { type: 'tool-call', toolCallId: 'n', toolName: 'get_weather', input: '{"city":"Oslo"}' },
    ]
    const given = textParts([text])
    const parts = await partsOf([...given.slice(0, -1), ...native, ...given.slice(-1)])
    expect(parts.filter(({ type }) => type === 'tool-call')).toHaveLength(1)
    const before = await partsOf([...native, ...given])
    expect(before.filter(({ type }) => type === 'tool-call')).toHaveLength(1)
    expect(before.slice(0, 4)).toEqual(native)
  })

  test('has content that starts in text once the provider gave reasoning', async () => {
    const reasoning: Part[] = [
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', delta: 'Hm.' },
      { type: 'reasoning-end', id: 'r' },
    ]
    const result = streamText({
      model: model([...reasoning, ...textParts(['Yes.'])], { format: kimiK2, startsIn: 'reasoning' }).model,
      prompt: 'Hi',
    })
    expect(await result.text).toBe('Yes.')
    expect(await result.reasoningText).toBe('Hm.')
  })
})

describe('a model without tools', () => {
  const answer =
    'Let me look.\n\n```json\n{"tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}]}\n```'

  test('gets them in its prompt, and its calls are read', async () => {
    const { mock, model: wrapped } = model(generated([{ type: 'text', text: answer }]), { format: prompted })
    const result = await generateText({
      model: wrapped,
      tools,
      instructions: 'Be kind.',
      prompt: 'Weather?',
      toolChoice: 'required',
    })
    expect(result.toolCalls).toMatchObject([{ toolName: 'get_weather', input: { city: 'Oslo' } }])
    expect(result.text).toBe('Let me look.')
    const [call] = mock.doGenerateCalls
    expect(call?.tools).toBeUndefined()
    expect(call?.toolChoice).toBeUndefined()
    expect(call?.prompt[0]).toMatchObject({
      role: 'system',
      content: expect.stringMatching(/^Be kind\.\n\n# Tools.*get_weather.*must call/s),
    })
  })

  test('gets earlier calls and results in its prompt', async () => {
    const { mock, model: wrapped } = model(generated([{ type: 'text', text: 'It rains.' }]), { format: prompted })
    await generateText({
      model: wrapped,
      tools,
      messages: [
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Let me look.' },
            { type: 'tool-call', toolCallId: 'a', toolName: 'get_weather', input: { city: 'Oslo' } },
          ],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: 'a',
              toolName: 'get_weather',
              output: { type: 'json', value: { sky: 'grey' } },
            },
          ],
        },
      ],
    })
    const prompt = mock.doGenerateCalls[0]?.prompt.slice(2)
    expect(prompt).toMatchObject([
      {
        role: 'assistant',
        content: [
          { text: 'Let me look.' },
          { text: expect.stringContaining('"name": "get_weather", "arguments": {"city":"Oslo"}') },
        ],
      },
      {
        role: 'user',
        content: [
          { text: '<tool_result name="get_weather" id="a">\n' },
          { text: '{"sky":"grey"}' },
          { text: '\n</tool_result>\n' },
        ],
      },
    ])
  })
})
