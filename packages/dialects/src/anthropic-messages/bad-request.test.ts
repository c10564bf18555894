import { describe, expect, test } from 'vitest'
import { messagesClient } from './client.ts'

const body = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }
const ask = { role: 'user', content: 'Hi' }
const call = (id: string) => ({ type: 'tool_use', id, name: 'look', input: { a: 1 } })
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'seen' })

describe('a bad request names the field', () => {
  const turn = { role: 'assistant', content: [call('t1')] }
  test.each([
    [null, undefined, 'expected an object; found null'],
    [{ max_tokens: undefined }, 'max_tokens', 'max_tokens: Field required'],
    [{ max_tokens: 0 }, 'max_tokens', 'max_tokens: expected at least 1; found 0'],
    [{ max_tokens: '9' }, 'max_tokens', 'max_tokens: expected an integer; found "9"'],
    [{ model: 5 }, 'model', 'model: expected a string; found 5'],
    [{ messages: [] }, 'messages', 'messages: expected at least one message; found an empty array'],
    [
      { messages: [{ role: 'robot', content: '' }] },
      'messages[0].role',
      /one of user, assistant, system; found "robot"/,
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text', /required/],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url' } }] }] },
      'messages[0].content[0].source.url',
      /required/,
    ],
    [
      { messages: [{ role: 'assistant', content: [{ ...call('t'), input: '{}' }] }] },
      'messages[0].content[0].input',
      /expected an object; found "{}"/,
    ],
    [
      { messages: [ask, { role: 'user', content: [result('t0')] }] },
      'messages[1].content[0].tool_use_id',
      /no tool_use/,
    ],
    [
      { messages: [ask, turn, { role: 'user', content: [result('t1'), result('t1')] }] },
      'messages[2].content[1].tool_use_id',
      /second result/,
    ],
    [
      { messages: [ask, { role: 'assistant', content: [call('t'), call('t')] }] },
      'messages[1].content[1].id',
      /must be unique/,
    ],
    [{ tools: [{ name: 'f' }] }, 'tools[0].input_schema', /required/],
    [{ tools: [{ name: 'f', input_schema: [] }] }, 'tools[0].input_schema', /expected an object; found an empty array/],
    [{ tool_choice: { type: 'tool', name: 'f' } }, 'tool_choice.name', /the name of a tool in tools; found "f"/],
    [{ thinking: { type: 'maybe' } }, 'thinking.type', /one of enabled, adaptive, disabled, between_tools/],
    [{ system: [{ type: 'text' }] }, 'system[0].text', /required/],
    [{ stream: 'yes' }, 'stream', /true or false/],
  ])('%j', (fields, param, message) => {
    const refused = () => messagesClient.readRequest(fields && { ...body, ...fields })
    expect(refused).toThrow(expect.objectContaining({ code: 'invalid_request', param }))
    expect(refused).toThrow(message)
  })
})
