import { chatChunks } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { framesOf, openSeal } from '../test-front.ts'
import { messagesClient } from './client.ts'
import { countTokens } from './count-tokens.ts'
import { eventsOf } from './test-frames.ts'

const cache_control = { type: 'ephemeral' }
const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {},
  additionalProperties: false,
}

/** What Claude Code 2.1.329 sends in the second round of a turn, with its texts shortened. */
const body = {
  model: 'claude-sonnet-4-6',
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>\nToday is Saturday.\n</system-reminder>' },
        { type: 'text', text: 'What is in this folder?' },
      ],
    },
    { role: 'system', content: [{ type: 'text', text: 'Available skills: none' }] },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: '', signature: 'sealed.{"text":"I should list it."}' },
        { type: 'tool_use', id: 'toolu_01', name: 'Bash', input: { command: 'ls', description: 'List files' } },
        { type: 'tool_use', id: 'dgid_functions_2e_Read_3a_1', name: 'Read', input: { file_path: '/x' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_01', content: 'README.md', is_error: false },
        {
          type: 'tool_result',
          tool_use_id: 'dgid_functions_2e_Read_3a_1',
          content: [{ type: 'text', text: 'File does not exist.' }],
          is_error: true,
          cache_control,
        },
      ],
    },
  ],
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.329' },
    { type: 'text', text: 'You are Claude Code.', cache_control },
    { type: 'text', text: 'Be concise.', cache_control },
  ],
  tools: [
    ...['Bash', 'Read', 'Edit', 'Write', 'Grep', 'Glob', 'Task', 'TodoWrite', 'WebFetch', 'Skill', 'KillShell'].map(
      (name) => ({ name, description: `Does ${name}.`, input_schema: schema }),
    ),
    { name: 'NotebookEdit', description: 'Edits.', input_schema: schema, defer_loading: true },
  ],
  metadata: {
    user_id: JSON.stringify({
      device_id: 'd'.repeat(64),
      account_uuid: '',
      session_id: 's'.repeat(36),
      more: 'm'.repeat(30),
    }),
  },
  max_tokens: 32_000,
  thinking: { type: 'adaptive', display: 'omitted' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  output_config: { effort: 'medium' },
  stream: true,
}

test("Claude Code's request is understood whole", () => {
  const { chat, dropped, relayOnly } = messagesClient.readRequest(body, { seal: openSeal })
  expect(relayOnly).toBeUndefined()
  expect(dropped).toEqual(['tools[].defer_loading', 'metadata.user_id', 'context_management'])
  expect(chat).toMatchObject({
    model: 'claude-sonnet-4-6',
    max_completion_tokens: 32_000,
    reasoning_effort: 'medium',
    stream: true,
  })
  expect(chat.tools).toHaveLength(12)
  expect(chat.tools?.[0]).toEqual({
    type: 'function',
    function: { name: 'Bash', description: 'Does Bash.', parameters: schema },
  })
  expect(chat.messages).toEqual([
    { role: 'system', content: [{ type: 'text', text: body.system[0]?.text }, ...body.system.slice(1)] },
    { role: 'user', content: body.messages[0]?.content },
    { role: 'system', content: 'Available skills: none' },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'I should list it.',
      tool_calls: [
        {
          id: 'toolu_01',
          type: 'function',
          function: { name: 'Bash', arguments: '{"command":"ls","description":"List files"}' },
        },
        { id: 'functions.Read:1', type: 'function', function: { name: 'Read', arguments: '{"file_path":"/x"}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'toolu_01', content: 'README.md' },
    { role: 'tool', tool_call_id: 'functions.Read:1', content: 'Error: File does not exist.', cache_control },
  ])
})

test("Claude Code's answer has its thinking as a signature alone", () => {
  const { encoder } = messagesClient.readRequest(body, { seal: openSeal })
  const events = eventsOf(
    framesOf(encoder(), chatChunks({ reasoning: 'hm', toolCalls: [{ name: 'Bash', arguments: { command: 'ls' } }] })),
  )
  expect(JSON.stringify(events)).not.toContain('thinking_delta')
  expect(events).toContainEqual({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'signature_delta', signature: 'sealed.{"text":"hm"}' },
  })
})

test("Claude Code's tokens are counted", () => {
  const { max_tokens, stream, ...asked } = body
  expect(countTokens(asked)).toBeGreaterThan(300)
})
