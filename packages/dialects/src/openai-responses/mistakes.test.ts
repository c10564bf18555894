import { describe, expect, test } from 'vitest'
import { responsesClient } from './client.ts'
import { thrown } from './test-thrown.ts'

const read = (body: object) => responsesClient.readRequest({ model: 'm', input: 'Hi', ...body })

function refused(action: () => unknown) {
  const { code, param, message, publicCode } = thrown(action)
  return { code, param, message, publicCode }
}

const call = (call_id: string) => ({ type: 'function_call', call_id, name: 'look', arguments: '{}' })
const output = (call_id: string) => ({ type: 'function_call_output', call_id, output: 'seen' })

describe('mistakes', () => {
  test.each([
    [{ model: undefined }, 'model', 'missing_required_parameter', 'model: required; expected a string'],
    [
      { input: undefined },
      'input',
      'missing_required_parameter',
      'input: required; expected a string or an array of input items',
    ],
    [
      { input: [] },
      'input',
      'missing_required_parameter',
      'input: required; expected a string or an array of input items',
    ],
    [{ input: 5 }, 'input', 'invalid_type', 'input: expected a string or an array of input items; found 5'],
    [{ stream: 'true' }, 'stream', 'invalid_type', 'stream: expected true or false; found "true"'],
    [
      { input: [{ role: 'tool', content: '' }] },
      'input[0].role',
      'invalid_value',
      'input[0].role: expected one of user, assistant, system, developer; found "tool"',
    ],
    [
      { input: [{ type: 'message', role: 'user' }] },
      'input[0].content',
      'missing_required_parameter',
      'input[0].content: required; expected a string or an array of content parts',
    ],
    [
      { input: [{ role: 'user', content: [{ type: 'input_text' }] }] },
      'input[0].content[0].text',
      'missing_required_parameter',
      'input[0].content[0].text: required; expected a string',
    ],
    [
      { input: [{ type: 'function_call', call_id: 'a', name: 'f', arguments: {} }] },
      'input[0].arguments',
      'invalid_type',
      'input[0].arguments: expected a string; found an object',
    ],
    [
      { input: [output('a')] },
      'input[0].call_id',
      'invalid_value',
      'input[0].call_id: no call "a" without an output comes before this item',
    ],
    [
      { input: [call('a'), output('a'), output('a')] },
      'input[2].call_id',
      'invalid_value',
      'input[2].call_id: no call "a" without an output comes before this item',
    ],
    [
      { input: [{ type: 'item_reference', id: 'msg_1' }] },
      'input[0].id',
      'invalid_value',
      'input[0].id: no item "msg_1" is stored here',
    ],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image' }] }] },
      'input[0].content[0].image_url',
      'missing_required_parameter',
      'input[0].content[0].image_url: required; expected a URL, or a file_id',
    ],
    [
      { tools: [{ type: 'function' }] },
      'tools[0].name',
      'missing_required_parameter',
      'tools[0].name: required; expected a string',
    ],
    [
      { tools: [{ type: 'function', function: { name: 'f' } }] },
      'tools[0].name',
      'missing_required_parameter',
      'tools[0].name: required; expected a string',
    ],
    [
      { tool_choice: { type: 'function', name: 'f' } },
      'tool_choice',
      'invalid_value',
      'tool_choice: expected the name of a tool in tools; found "f"',
    ],
    [
      { text: { format: { type: 'json_schema' } } },
      'text.format.name',
      'missing_required_parameter',
      'text.format.name: required; expected a string',
    ],
    [
      { previous_response_id: 'resp_1' },
      'previous_response_id',
      'previous_response_not_found',
      'previous_response_id: no response "resp_1" is stored here',
    ],
  ])('%j is refused by the path of the field', (body, param, publicCode, message) => {
    expect(refused(() => read(body))).toEqual({ code: 'invalid_request', param, publicCode, message })
  })

  test('a body that is no object is refused', () => {
    expect(refused(() => responsesClient.readRequest([]))).toMatchObject({ code: 'invalid_request', param: undefined })
  })

  test.each([
    [{ background: true }, 'background'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
  ])('%j, which needs another store, is refused', (body, param) => {
    expect(refused(() => read(body))).toMatchObject({ code: 'unsupported_parameter', param })
  })
})
