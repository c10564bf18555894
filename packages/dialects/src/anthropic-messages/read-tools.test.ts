import { expect, test } from 'vitest'
import { messagesClient } from './client.ts'

const body = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }
const read = (fields: object) => messagesClient.readRequest({ ...body, ...fields })

const tools = [
  { name: 'f', description: 'F', input_schema: { type: 'object' }, strict: true },
  { type: 'custom', name: 'g', input_schema: {} },
]

test.each([
  [{ type: 'auto' }, { tool_choice: 'auto' }],
  [{ type: 'any' }, { tool_choice: 'required' }],
  [{ type: 'none' }, { tool_choice: 'none' }],
  [{ type: 'tool', name: 'g' }, { tool_choice: { type: 'function', function: { name: 'g' } } }],
  [
    { type: 'auto', disable_parallel_tool_use: true },
    { tool_choice: 'auto', parallel_tool_calls: false },
  ],
])('the choice %j', (tool_choice, expected) => {
  const { tools: written, tool_choice: choice, parallel_tool_calls } = read({ tools, tool_choice }).chat
  expect(written).toEqual([
    { type: 'function', function: { name: 'f', description: 'F', parameters: { type: 'object' }, strict: true } },
    { type: 'function', function: { name: 'g', parameters: {} } },
  ])
  expect({ tool_choice: choice, ...(parallel_tool_calls !== undefined && { parallel_tool_calls }) }).toEqual(expected)
})

test.each([
  [{ tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] }, 'tools[0].type'],
  [{ tools: [{ type: 'bash_20250124', name: 'bash' }] }, 'tools[0].type'],
  [
    {
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
      tool_choice: { type: 'tool', name: 'web_search' },
    },
    'tool_choice',
  ],
  [{ mcp_servers: [{ url: 'https://x.example' }] }, 'mcp_servers'],
  [
    { messages: [{ role: 'user', content: [{ type: 'container_upload', file_id: 'f' }] }] },
    'messages[0].content[0].type',
  ],
])('%j is for Anthropic alone', (fields, param) => {
  const { relayOnly } = read(fields)
  expect(relayOnly?.param).toBe(param)
  expect(relayOnly?.message).toMatch(`${param}: `)
})
