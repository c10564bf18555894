import { expect, test } from 'vitest'
import { chatMessage, validate } from './index.ts'

const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
const user = (part: unknown) => ({ role: 'user', content: [part] })
const assistant = (fields: object) => ({ role: 'assistant', ...fields })

test.each<[string, object]>([
  ['a developer', { role: 'developer', content: 'x', name: 'n' }],
  ['a system message in parts', { role: 'system', content: [{ type: 'text', text: 'x' }] }],
  ['a user', { role: 'user', content: 'x', name: null }],
  ['empty content', { role: 'user', content: [] }],
  ['a text part', user({ type: 'text', text: '' })],
  [
    'marks on a part',
    user({ type: 'text', text: 'x', cache_control: { type: 'ephemeral' }, prompt_cache_breakpoint: {} }),
  ],
  ['an image', user({ type: 'image_url', image_url: { url: 'https://a.test/b.png', detail: 'huge' } })],
  ['an image whose URL is given bare', user({ type: 'image_url', image_url: 'https://a.test/b.png' })],
  ['sound', user({ type: 'input_audio', input_audio: { data: 'AA==', format: 'ogg' } })],
  [
    'an inline file',
    user({ type: 'file', file: { file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' } }),
  ],
  ['an uploaded file', user({ type: 'file', file: { file_id: 'file-1' } })],
  ["another service's part", user({ type: 'video_url', video_url: { url: 'https://a.test/b.mp4' } })],
  ['a part of a type nobody has seen', user({ type: 'smell', smell: 5 })],
  ['an assistant without content', assistant({})],
  ['an assistant with null content', assistant({ content: null, tool_calls: [call] })],
  ['an assistant with empty content', assistant({ content: '', tool_calls: [call] })],
  [
    'an assistant with parts',
    assistant({
      content: [
        { type: 'text', text: 'x' },
        { type: 'refusal', refusal: 'no' },
      ],
    }),
  ],
  ['null tool calls', assistant({ tool_calls: null })],
  ['arguments as an object', assistant({ tool_calls: [{ ...call, function: { name: 'f', arguments: { a: 1 } } }] })],
  ['arguments that are no JSON', assistant({ tool_calls: [{ ...call, function: { name: 'f', arguments: '{"a' } }] })],
  ['a custom call', assistant({ tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'run', input: 'x' } }] })],
  [
    'a thought signature',
    assistant({ tool_calls: [{ ...call, extra_content: { google: { thought_signature: 's' } } }] }),
  ],
  ['a refusal', assistant({ content: null, refusal: 'no' })],
  ['an earlier spoken answer', assistant({ audio: { id: 'audio_1' } })],
  ['a legacy call', assistant({ content: null, function_call: { name: 'f', arguments: '{}' } })],
  ['reasoning under its names', assistant({ reasoning_content: 'a', reasoning: 'b', thinking: 'c' })],
  [
    'reasoning details',
    assistant({
      reasoning_details: [
        { type: 'reasoning.text', text: 'x', signature: 's', format: 'anthropic-claude-v1', index: 0, id: null },
        { type: 'reasoning.summary', summary: 'x' },
        { type: 'reasoning.encrypted', data: 'x', id: 'call_1', format: 'google-gemini-v1' },
        { type: 'reasoning.dreamt', dream: 'x' },
      ],
    }),
  ],
  ['a beginning to go on from', assistant({ content: 'Once', partial: true, prefix: true })],
  ['a tool result', { role: 'tool', tool_call_id: 'c', content: 'x', name: 'f' }],
  ['a tool result in parts', { role: 'tool', tool_call_id: 'c', content: [{ type: 'text', text: 'x' }] }],
  ['a legacy result', { role: 'function', name: 'f', content: null }],
  ['a call of a tool that is built into a service', assistant({ tool_calls: [{ ...call, type: 'builtin_function' }] })],
])('accepts %s', (_, message) => {
  expect(validate(chatMessage, message)).toEqual({ ok: true, value: message })
})

test.each<[object, string]>([
  [
    { role: 'robot', content: 'x' },
    'role: expected one of developer, system, user, assistant, tool, function; found "robot"',
  ],
  [{ content: 'x' }, 'role: required; expected one of developer, system, user, assistant, tool, function'],
  [{ role: 'user' }, 'content: required; expected a string or an array of content parts'],
  [{ role: 'user', content: null }, 'content: expected a string or an array of content parts; found null'],
  [
    { role: 'system', content: { type: 'text', text: 'x' } },
    'content: expected a string or an array of content parts; found an object',
  ],
  [{ role: 'developer', content: 'x', name: 5 }, 'name: expected a string; found 5'],
  [user('x'), 'content[0]: expected a content part (an object with a type); found "x"'],
  [
    user({ text: 'x' }),
    'content[0].type: required; expected a string such as text, image_url, input_audio, file, refusal',
  ],
  [
    user({ type: 5 }),
    'content[0].type: expected a string such as text, image_url, input_audio, file, refusal; found 5',
  ],
  [user({ type: 'text' }), 'content[0].text: required; expected a string'],
  [user({ type: 'text', text: ['x'] }), 'content[0].text: expected a string; found an array of length 1'],
  [
    user({ type: 'image_url' }),
    'content[0].image_url: required; expected an object with a url, or the URL as a string',
  ],
  [user({ type: 'image_url', image_url: { detail: 'low' } }), 'content[0].image_url.url: required; expected a string'],
  [
    user({ type: 'input_audio', input_audio: { data: 'AA==' } }),
    'content[0].input_audio.format: required; expected a string',
  ],
  [user({ type: 'file', file: { file_id: 5 } }), 'content[0].file.file_id: expected a string; found 5'],
  [assistant({ content: 5 }), 'content: expected a string or an array of content parts; found 5'],
  [assistant({ content: [{ type: 'refusal' }] }), 'content[0].refusal: required; expected a string'],
  [assistant({ tool_calls: {} }), 'tool_calls: expected an array of tool calls; found an object'],
  [assistant({ tool_calls: [{ ...call, id: undefined }] }), 'tool_calls[0].id: required; expected a string'],
  [
    assistant({ tool_calls: [{ ...call, type: 7 }] }),
    'tool_calls[0].type: expected a string such as function, custom; found 7',
  ],
  [assistant({ tool_calls: [{ id: 'c', type: 'function' }] }), 'tool_calls[0].function: required; expected an object'],
  [
    assistant({ tool_calls: [{ ...call, function: { name: 'f', arguments: 5 } }] }),
    'tool_calls[0].function.arguments: expected a string of JSON, or an object; found 5',
  ],
  [
    assistant({ tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'run' } }] }),
    'tool_calls[0].custom.input: required; expected a string',
  ],
  [assistant({ refusal: false }), 'refusal: expected a string; found false'],
  [assistant({ audio: 'audio_1' }), 'audio: expected an object; found "audio_1"'],
  [
    assistant({ function_call: { name: 'f' } }),
    'function_call.arguments: required; expected a string of JSON, or an object',
  ],
  [assistant({ reasoning_content: ['x'] }), 'reasoning_content: expected a string; found an array of length 1'],
  [assistant({ reasoning: {} }), 'reasoning: expected a string; found an object'],
  [assistant({ reasoning_details: 'x' }), 'reasoning_details: expected an array of reasoning details; found "x"'],
  [
    assistant({ reasoning_details: [{ type: 'reasoning.encrypted' }] }),
    'reasoning_details[0].data: required; expected a string',
  ],
  [assistant({ partial: 'yes' }), 'partial: expected true or false; found "yes"'],
  [{ role: 'tool', content: 'x' }, 'tool_call_id: required; expected a string'],
  [{ role: 'tool', tool_call_id: 'c' }, 'content: required; expected a string or an array of content parts'],
  [{ role: 'function', content: 'x' }, 'name: required; expected a string'],
])('refuses %j', (message, text) => {
  expect(validate(chatMessage, message)).toMatchObject({
    ok: false,
    issue: { message: text, param: text.split(': ')[0] },
  })
})
