import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { completion, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { FileStore } from '../file-store.ts'
import { type DialectClient, messagesClient, responsesClient } from './test-dialect-clients.ts'
import { type DialectRig, startDialectRig } from './test-dialect-rig.ts'
import { replyOf, type UpstreamKind, upstreamKinds } from './test-dialect-upstreams.ts'

// Requests that are wrong, or that say what the upstream has no word for: a 400 that names the path before anything is
// called, or a documented drop.

function kindOf(name: string): UpstreamKind {
  const kind = upstreamKinds.find((kind) => kind.name === name)
  if (!kind) throw new Error(`There is no kind ${name}`)
  return kind
}

const openai = kindOf('openai')
const user = (content: unknown) => [{ role: 'user', content }]
const call = { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{}' }
const output = { type: 'function_call_output', call_id: 'call_1', output: 'sunny' }
const use = { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: {} }
const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'sunny' }
const turns = (uses: unknown[], results: unknown[]) => [
  ...user('x'),
  { role: 'assistant', content: uses },
  { role: 'user', content: results },
]

type Fields = Record<string, unknown>

/** Nobody has brought a file: the folder is never made. */
const files = new FileStore({ folder: join(tmpdir(), 'dragoman-no-files') })

/** What is asked, and the path that the error names. */
const wrongResponses: readonly (readonly [what: string, fields: Fields, path: string])[] = [
  ['no model', { model: undefined }, 'model'],
  ['no input', { input: undefined }, 'input'],
  ['an empty input', { input: [] }, 'input'],
  ['an input that is a number', { input: 7 }, 'input'],
  ['stream as a text', { stream: 'true' }, 'stream'],
  ['an item of an unknown type', { input: [{ type: 'telepathy' }] }, 'input[0].type'],
  ['an item without type and role', { input: [{ content: 'x' }] }, 'input[0].role'],
  ['an unknown role', { input: [{ role: 'robot', content: 'x' }] }, 'input[0].role'],
  ['an unknown part', { input: user([{ type: 'smell', smell: 'x' }]) }, 'input[0].content[0].type'],
  ['a part without its text', { input: user([{ type: 'input_text' }]) }, 'input[0].content[0].text'],
  [
    'an image by the id of a file',
    { input: user([{ type: 'input_image', file_id: 'file-1' }]) },
    'input[0].content[0].file_id',
  ],
  ['a file by its id', { input: user([{ type: 'input_file', file_id: 'file-1' }]) }, 'input[0].content[0].file_id'],
  ['an output without a call', { input: [...user('x'), output] }, 'input[1].call_id'],
  ['a second output for a call', { input: [call, output, output] }, 'input[2].call_id'],
  ['two calls of a turn with one id', { input: [call, call, output, output] }, 'input[1].call_id'],
  ['a call without an id', { input: [{ ...call, call_id: undefined }] }, 'input[0].call_id'],
  ['arguments that are no text', { input: [{ ...call, arguments: {} }] }, 'input[0].arguments'],
  ['an unknown reference', { input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0].id'],
  ['the history of a hosted tool', { input: [{ type: 'computer_call', id: 'x' }] }, 'input[0].type'],
  ['an unknown response before', { previous_response_id: 'resp_1' }, 'previous_response_id'],
  ['an unknown tool', { tools: [{ type: 'teleport' }] }, 'tools[0].type'],
  ['a hosted tool', { tools: [{ type: 'function', name: 'f' }, { type: 'file_search' }] }, 'tools[1].type'],
  ['a tool that clients run', { tools: [{ type: 'local_shell' }] }, 'tools[0].type'],
  [
    'a hosted tool in a namespace',
    { tools: [{ type: 'namespace', name: 'ns', tools: [{ type: 'mcp' }] }] },
    'tools[0].tools[0].type',
  ],
  ['a forced search', { tools: [{ type: 'web_search' }], tool_choice: { type: 'web_search' } }, 'tool_choice'],
  ['a choice of a tool that is not there', { tool_choice: { type: 'function', name: 'nothing' } }, 'tool_choice'],
  ['a format of an unknown type', { text: { format: { type: 'grammar' } } }, 'text.format.type'],
  ['work in the background', { background: true }, 'background'],
  ['a conversation', { conversation: 'conv_1' }, 'conversation'],
  ['a stored prompt', { prompt: { id: 'pmpt_1' } }, 'prompt'],
  ['a limit that is no number', { max_output_tokens: '100' }, 'max_output_tokens'],
]

const wrongMessages: readonly (readonly [what: string, fields: Fields, path: string])[] = [
  ['no model', { model: undefined }, 'model'],
  ['no max_tokens', { max_tokens: undefined }, 'max_tokens'],
  ['max_tokens of zero', { max_tokens: 0 }, 'max_tokens'],
  ['no messages', { messages: undefined }, 'messages'],
  ['empty messages', { messages: [] }, 'messages'],
  ['stream as a text', { stream: 'true' }, 'stream'],
  ['an unknown role', { messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
  ['no content', { messages: [{ role: 'user' }] }, 'messages[0].content'],
  ['an unknown block', { messages: user([{ type: 'smell' }]) }, 'messages[0].content[0].type'],
  ['a block without its text', { messages: user([{ type: 'text' }]) }, 'messages[0].content[0].text'],
  [
    'an image by the id of a file',
    { messages: user([{ type: 'image', source: { type: 'file', file_id: 'file_1' } }]) },
    'messages[0].content[0].source.file_id',
  ],
  [
    'an unknown source',
    { messages: user([{ type: 'image', source: { type: 'dream' } }]) },
    'messages[0].content[0].source.type',
  ],
  ['a result without a call', { messages: user([result]) }, 'messages[0].content[0].tool_use_id'],
  ['a second result', { messages: turns([use], [result, result]) }, 'messages[2].content[1].tool_use_id'],
  [
    'a result of an unknown block',
    { messages: turns([use], [{ ...result, content: [{ type: 'smell' }] }]) },
    'messages[2].content[0].content[0].type',
  ],
  ['two calls with one id', { messages: turns([use, use], [result]) }, 'messages[1].content[1].id'],
  ['an input that is a text', { messages: turns([{ ...use, input: '{}' }], [result]) }, 'messages[1].content[0].input'],
  ['a call of the user', { messages: user([use]) }, 'messages[0].content[0].type'],
  ['a tool that clients run', { tools: [{ type: 'bash_20250124', name: 'bash' }] }, 'tools[0].type'],
  ['a hosted tool', { tools: [{ type: 'code_execution_20250522', name: 'code' }] }, 'tools[0].type'],
  ['a tool without a schema', { tools: [{ name: 'f' }] }, 'tools[0].input_schema'],
  ['a choice of a tool that is not there', { tool_choice: { type: 'tool', name: 'nothing' } }, 'tool_choice'],
  ['an unknown choice', { tool_choice: { type: 'maybe' } }, 'tool_choice.type'],
  ['an unknown way to think', { thinking: { type: 'hard' } }, 'thinking.type'],
  ['servers of tools', { mcp_servers: [{ type: 'url', url: 'https://x.example', name: 'x' }] }, 'mcp_servers'],
  ['a system that is a number', { system: 7 }, 'system'],
  ['a temperature that is a text', { temperature: '1' }, 'temperature'],
]

async function expectRefused(rig: DialectRig, client: DialectClient, fields: Fields, path: string) {
  for (const stream of [false, true]) {
    const answer = await rig.send(client, { stream, ...fields })
    const error = client.readError(JSON.parse(await answer.whole()))
    expect([answer.status, error.type]).toEqual([400, 'invalid_request_error'])
    if (client.dialect === 'messages') expect(error.message.slice(0, path.length + 1)).toMatch(/[:. ]$/)
    else expect(error.param).toBe(path)
    expect(error.message.startsWith(path), error.message).toBe(true)
    expect(rig.upstream.requests).toHaveLength(0)
  }
}

test.each(wrongResponses)('responses: %s is a 400 that names it', async (_what, fields, path) => {
  await using rig = await startDialectRig(openai, { files })
  await expectRefused(rig, responsesClient, fields, path)
})

test.each(wrongMessages)('messages: %s is a 400 that names it', async (_what, fields, path) => {
  await using rig = await startDialectRig(openai, { files })
  await expectRefused(rig, messagesClient, fields, path)
})

test('the code says that a response is not there any more', async () => {
  await using rig = await startDialectRig(openai)
  const answer = await rig.send(responsesClient, { previous_response_id: 'resp_1', stream: false })
  expect(JSON.parse(await answer.whole()).error).toMatchObject({ code: 'previous_response_not_found' })
})

test('a call that nobody answered is refused where pairs are needed, by its path', async () => {
  await using rig = await startDialectRig(kindOf('anthropic'))
  const answer = await rig.send(responsesClient, { input: [...user('x'), call, ...user('y')] })
  const error = responsesClient.readError(JSON.parse(await answer.whole()))
  expect([answer.status, error.type]).toEqual([400, 'invalid_request_error'])
  expect(error.message).toContain('call_1')
  expect(rig.upstream.requests).toHaveLength(0)
})

describe.each(upstreamKinds.map((kind) => ({ kind, over: kind.name })))('over $over', ({ kind }) => {
  const sealed = 'dg1.c29tZXRoaW5nIHRoYXQgd2FzIG5vdCBzZWFsZWQgaGVyZQ'

  test.each([
    ['foreign', 'gAAAAABo-from-another-service'],
    ['broken', sealed],
    ['empty', ''],
  ])('responses: reasoning that is %s is no error, and its text is kept', async (_what, encrypted_content) => {
    await using rig = await startDialectRig(kind)
    rig.upstream.script(replyOf(kind, { text: 'fine', usage: tokens(1, 1) }))
    const thought = {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'I must look.' }],
      encrypted_content,
    }
    const input = [...user('x'), thought, call, output]
    const answer = await rig.send(responsesClient, { stream: false, input })
    expect([answer.status, await answer.whole()]).toEqual([200, expect.stringContaining('fine')])
    const sent = rig.upstream.requests[0]?.text ?? ''
    // What is relayed goes as it came: whose reasoning it is, only that service knows.
    const isRelayed = kind.relays === 'responses' && encrypted_content !== sealed
    if (kind.name !== 'anthropic' && kind.name !== 'responses') expect(sent).toContain('I must look.')
    if (encrypted_content !== '' && !isRelayed) expect(sent).not.toContain(encrypted_content)
  })

  // Where Anthropic's own API is asked, a foreign signature goes on as it came: whose it is, only that service knows.
  test.each(
    kind.name === 'anthropic'
      ? [['broken', sealed]]
      : [
          ['foreign', 'EqQB-another'],
          ['broken', sealed],
        ],
  )('messages: a signature that is %s is no error', async (_what, signature) => {
    await using rig = await startDialectRig(kind)
    rig.upstream.script(replyOf(kind, { text: 'fine', usage: tokens(1, 1) }))
    const thinking = { type: 'thinking', thinking: 'I must look.', signature }
    const answer = await rig.send(messagesClient, {
      stream: false,
      max_tokens: 5_000,
      thinking: { type: 'enabled', budget_tokens: 1_024 },
      messages: turns([thinking, use], [result]),
    })
    expect([answer.status, await answer.whole()]).toEqual([200, expect.stringContaining('fine')])
    expect(rig.upstream.requests[0]?.text).not.toContain(signature)
  })
})

test.each<[DialectClient, string, Fields, string]>([
  [responsesClient, 'a search', { tools: [{ type: 'web_search', external_web_access: false }] }, 'tools[0]:web_search'],
  [messagesClient, 'a search', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0]:web_search'],
  [responsesClient, 'truncation', { truncation: 'auto' }, 'truncation'],
  [messagesClient, 'context management', { context_management: { edits: [] } }, 'context_management'],
  [
    messagesClient,
    'a redacted thought',
    { messages: turns([{ type: 'redacted_thinking', data: 'x' }, use], [result]) },
    '',
  ],
])('$0.dialect: $1 is dropped and named in a header', async (client, _what, fields, dropped) => {
  await using rig = await startDialectRig(openai)
  rig.upstream.script(completion({ text: 'fine', usage: tokens(1, 1) }))
  const answer = await rig.send(client, { stream: false, ...fields })
  expect(answer.status).toBe(200)
  expect(answer.headers['x-gateway-dropped'] ?? '').toContain(dropped)
})

test('messages: count_tokens refuses in its dialect too, and needs no max_tokens', async () => {
  await using rig = await startDialectRig(openai)
  const counting: DialectClient = { ...messagesClient, path: '/v1/messages/count_tokens' }
  await expectRefused(rig, counting, { messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role')
  const counted = await rig.send(counting, { max_tokens: undefined, stream: undefined })
  expect(counted.status).toBe(200)
  expect(JSON.parse(await counted.whole())).toEqual({ input_tokens: expect.any(Number) })
})
