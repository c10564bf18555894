import { chatCompletionRequest, validate } from '@dragoman/openai-schema'
import { chatChunks, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { framesOf, openSeal } from '../test-front.ts'
import { responsesClient } from './client.ts'
import { parsedFrames } from './test-frames.ts'

const fn = (name: string) => ({
  type: 'function',
  name,
  description: `Runs ${name}`,
  strict: false,
  parameters: {
    type: 'object',
    properties: { cmd: { type: 'string' } },
    required: ['cmd'],
    additionalProperties: false,
  },
})

/** The keys, tools and items of a request of Codex CLI 0.169.0 in the middle of a task (its texts are shortened). */
const codexRequest = {
  model: 'gpt-5-codex',
  stream: true,
  input: [
    {
      type: 'message',
      id: 'msg_01',
      role: 'developer',
      content: [
        { type: 'input_text', text: 'You are Codex.' },
        { type: 'input_text', text: '<permissions>workspace-write</permissions>' },
      ],
    },
    { type: 'message', id: 'msg_02', role: 'user', content: [{ type: 'input_text', text: 'Fix the test.' }] },
    {
      type: 'reasoning',
      id: 'rs_01',
      summary: [{ type: 'summary_text', text: 'Look first.' }],
      content: null,
      encrypted_content: openSeal.seal({ text: 'Look first, then patch.' }),
    },
    {
      type: 'message',
      id: 'msg_03',
      role: 'assistant',
      phase: 'commentary',
      content: [{ type: 'output_text', text: 'Looking.', annotations: [], logprobs: [] }],
    },
    {
      type: 'function_call',
      id: 'fc_01',
      status: 'completed',
      call_id: 'call_1',
      name: 'exec_command',
      arguments: '{"cmd":"ls"}',
    },
    {
      type: 'function_call',
      id: 'fc_02',
      status: 'completed',
      call_id: 'call_2',
      name: 'spawn_agent',
      namespace: 'multi_agent_v1',
      arguments: '{}',
    },
    { type: 'function_call_output', id: 'fco_01', call_id: 'call_1', output: 'a.test.ts' },
    {
      type: 'function_call_output',
      id: 'fco_02',
      call_id: 'call_2',
      output: [{ type: 'input_text', text: 'agent 1' }],
    },
  ],
  tools: [
    fn('exec_command'),
    fn('write_stdin'),
    fn('view_image'),
    fn('update_plan'),
    {
      type: 'namespace',
      name: 'multi_agent_v1',
      description: 'Agents that work beside this one.',
      tools: [fn('spawn_agent'), fn('wait_agent')],
    },
    { type: 'web_search', external_web_access: false },
    {
      type: 'custom',
      name: 'apply_patch',
      description: 'Use it to edit files.',
      format: { type: 'grammar', syntax: 'lark', definition: 'start: begin_patch hunk+ end_patch' },
    },
  ],
  tool_choice: 'auto',
  parallel_tool_calls: true,
  reasoning: { effort: 'medium', summary: 'auto' },
  store: false,
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: '019a0000-0000-7000-8000-000000000001',
  client_metadata: { 'x-codex-installation-id': '019a0000-0000-7000-8000-000000000002' },
}

const read = () => responsesClient.readRequest(codexRequest, { seal: openSeal })

test("Codex's request is read, whole", () => {
  const { chat, dropped, relayOnly } = read()
  expect(relayOnly).toBeUndefined()
  expect(dropped).toEqual(['tools[5]:web_search'])
  expect(validate(chatCompletionRequest, chat).ok).toBe(true)
  const { tools, messages, ...fields } = chat
  expect(fields).toEqual({
    model: 'gpt-5-codex',
    stream: true,
    tool_choice: 'auto',
    parallel_tool_calls: true,
    reasoning_effort: 'medium',
    prompt_cache_key: codexRequest.prompt_cache_key,
  })
  expect(tools?.map((tool) => tool.type === 'function' && tool.function.name)).toEqual([
    'exec_command',
    'write_stdin',
    'view_image',
    'update_plan',
    'multi_agent_v1__spawn_agent',
    'multi_agent_v1__wait_agent',
    'apply_patch',
  ])
  expect(messages).toEqual([
    {
      role: 'developer',
      content: [
        { type: 'text', text: 'You are Codex.' },
        { type: 'text', text: '<permissions>workspace-write</permissions>' },
      ],
    },
    { role: 'user', content: 'Fix the test.' },
    {
      role: 'assistant',
      content: 'Looking.',
      reasoning_content: 'Look first, then patch.',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'exec_command', arguments: '{"cmd":"ls"}' } },
        { id: 'call_2', type: 'function', function: { name: 'multi_agent_v1__spawn_agent', arguments: '{}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'a.test.ts' },
    { role: 'tool', tool_call_id: 'call_2', content: 'agent 1' },
  ])
})

test('Codex gets whole items, its own names of tools, encrypted reasoning, and usage at the end', () => {
  const events = parsedFrames(
    framesOf(
      read().encoder(),
      chatChunks({
        reasoning: 'Patch.',
        toolCalls: [
          { name: 'multi_agent_v1__wait_agent', arguments: { id: 1 } },
          { name: 'apply_patch', arguments: { input: '*** Begin Patch' } },
        ],
        usage: tokens(100, 20),
      }),
    ),
  )
  const items = events.flatMap(({ event, data }) => (event === 'response.output_item.done' ? [data.item] : []))
  expect(items).toMatchObject([
    { type: 'reasoning', encrypted_content: openSeal.seal({ text: 'Patch.' }) },
    {
      type: 'function_call',
      name: 'wait_agent',
      namespace: 'multi_agent_v1',
      call_id: 'call_0',
      arguments: '{"id":1}',
    },
    { type: 'custom_tool_call', name: 'apply_patch', call_id: 'call_1', input: '*** Begin Patch', status: 'completed' },
  ])
  expect(events.at(-1)).toMatchObject({
    event: 'response.completed',
    data: {
      response: {
        id: expect.stringMatching(/^resp_/),
        usage: {
          input_tokens: 100,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: 20,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 120,
        },
      },
    },
  })
})
