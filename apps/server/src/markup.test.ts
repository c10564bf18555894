import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatStream, completion, type FakeUpstream, startFakeUpstream } from '@dragoman/testkit'
import OpenAI from 'openai'
import type { ChatCompletionMessage, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadPresets, providerTypes } from './compose.ts'
import { loadSettings } from './config/load.ts'
import type { HttpServer } from './http-server.ts'
import { serve } from './serve.ts'

// Models that write their calls and their reasoning as text, behind the whole server, as the OpenAI SDK sees them.

let folder: string
let upstream: FakeUpstream
let server: HttpServer
let client: OpenAI
const logged: string[] = []

beforeAll(async () => {
  upstream = await startFakeUpstream()
  folder = mkdtempSync(join(tmpdir(), 'dragoman-markup-'))
  const file = join(folder, 'dragoman.yaml')
  const base = `type: openai-compatible, baseUrl: '${upstream.origin}/v1'`
  writeFileSync(
    file,
    `
server: { port: 0 }
providers:
  engine: { ${base}, conformant: true }
  raw: { ${base}, normalize: off }
  demo: { type: demo }
models:
  - name: my-model
    deployments: [{ provider: engine, model: weights-7, normalize: hermes }]
  - name: my-thinker
    deployments: [{ provider: engine, model: weights-8, normalize: { format: hermes, startsIn: reasoning } }]
  - name: tags
    deployments: [{ provider: demo, model: demo-think-tags, normalize: reasoning }]
  - name: prefilled
    deployments: [{ provider: demo, model: demo-think-prefilled, normalize: { format: reasoning, startsIn: reasoning } }]
`,
  )
  const settings = await loadSettings({
    flags: { config: file },
    env: {},
    cwd: folder,
    factories: providerTypes,
    presets: loadPresets,
  })
  server = await serve(settings, pino({ base: null }, { write: (line: string) => logged.push(line) }))
  client = new OpenAI({ apiKey: 'anything', baseURL: `${server.url}/v1`, maxRetries: 0 })
})

beforeEach(() => {
  logged.length = 0
})

afterAll(async () => {
  await server?.stop()
  await upstream?.close()
  rmSync(folder, { recursive: true, force: true })
})

const parameters = { type: 'object' as const, properties: { city: { type: 'string' as const } }, required: ['city'] }
const tools = [{ type: 'function' as const, function: { name: 'get_weather', description: 'The weather', parameters } }]
const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: 'What is the weather in Oslo?' }]

type Message = ChatCompletionMessage & { reasoning_content?: string }

interface Seen {
  readonly message: Message
  readonly finishReason: string | null | undefined
}

async function whole(model: string): Promise<Seen> {
  const { choices } = await client.chat.completions.create({ model, messages, tools })
  return { message: choices[0]?.message as Message, finishReason: choices[0]?.finish_reason }
}

async function streamed(model: string): Promise<Seen> {
  const runner = client.chat.completions.stream({ model, messages, tools })
  let reasoning = ''
  runner.on('chunk', ({ choices }) => {
    reasoning += (choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? ''
  })
  const { choices } = await runner.finalChatCompletion()
  const message = { ...choices[0]?.message, ...(reasoning && { reasoning_content: reasoning }) } as Message
  return { message, finishReason: choices[0]?.finish_reason }
}

/** As the upstream writes it, in pieces that cut through every marker. */
const answering = (text: string) => ({
  whole: completion({ text }),
  streamed: chatStream({ text: text.match(/.{1,5}/gs) ?? [] }),
})

const written: Readonly<Record<string, string>> = {
  'engine/kimi-k2-instruct':
    'Let me look.<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>' +
    '{"city":"Oslo"}<|tool_call_end|><|tool_calls_section_end|>',
  'engine/qwen2.5-7b-instruct':
    'Let me look.\n<tool_call>\n{"name": "get_weather", "arguments": {"city":"Oslo"}}\n</tool_call>',
  'engine/qwen3-coder-30b':
    'Let me look.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nOslo\n</parameter>\n</function>\n</tool_call>',
  'engine/glm-4.6':
    'Let me look.\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Oslo</arg_value>\n</tool_call>',
  'my-model': 'Let me look.\n<tool_call>\n{"name": "get_weather", "arguments": {"city":"Oslo"}}\n</tool_call>',
}

describe.each([
  ['whole', whole],
  ['streamed', streamed],
] as const)('%s', (form, ask) => {
  test.each(Object.entries(written))('fault 33: what %s writes becomes a call', async (model, text) => {
    upstream.script(answering(text)[form])
    const { message, finishReason } = await ask(model)
    expect(message.content).toBe('Let me look.')
    expect(message.tool_calls).toMatchObject([
      { type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
    ])
    expect(finishReason).toBe('tool_calls')
    expect(JSON.parse(logged.at(-1) ?? '')).toMatchObject({ markup: { calls: 1 } })
  })

  test('fault 34: a call inside reasoning becomes a call, and the reasoning stays reasoning', async () => {
    const call = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
    upstream.script(answering(`<think>\nThey want Oslo.\n${call}`)[form])
    const { message } = await ask('engine/qwen3-8b')
    expect(message.reasoning_content).toBe('They want Oslo.')
    expect(message.content ?? '').toBe('')
    expect(message.tool_calls).toHaveLength(1)
  })

  test('reasoning that a template has opened is told apart by its end', async () => {
    upstream.script(answering('They want Oslo.\n</think>\n\nIt is fine.')[form])
    const { message, finishReason } = await ask('my-thinker')
    expect(message).toMatchObject({ reasoning_content: 'They want Oslo.', content: 'It is fine.' })
    expect(finishReason).toBe('stop')
  })

  test('the demo that writes Kimi markup calls tools like all other models', async () => {
    const { message, finishReason } = await ask('demo/demo-kimi')
    expect(message.tool_calls).toMatchObject([
      { id: 'functions.get_weather:0', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
    ])
    expect(message.reasoning_content).toBeTruthy()
    expect(message.content ?? '').not.toMatch(/<|think/)
    expect(finishReason).toBe('tool_calls')
  })

  test.each(['tags', 'prefilled'])(
    'the demo that writes think tags is read as its deployment says (%s)',
    async (model) => {
      const { message } = await ask(model)
      expect(message.reasoning_content).toBeTruthy()
      expect(message.content ?? '').not.toContain('think>')
    },
  )

  test('`off` leaves the text as it is', async () => {
    const text = written['engine/kimi-k2-instruct'] ?? ''
    upstream.script(answering(text)[form])
    const { message } = await ask('raw/kimi-k2-instruct')
    expect(message.content).toBe(text)
    expect(message.tool_calls ?? []).toHaveLength(0)
  })

  test('an answer of a model that writes no markup is relayed', async () => {
    upstream.script(answering('It is <b>fine</b>.')[form])
    await ask('engine/gpt-6-luna')
    expect(JSON.parse(logged.at(-1) ?? '')).not.toHaveProperty('parsed')
    upstream.script(answering('It is fine.')[form])
    await ask('engine/kimi-k2-instruct')
    expect(JSON.parse(logged.at(-1) ?? '')).toMatchObject({ parsed: expect.stringContaining('kimi_k2') })
  })
})
