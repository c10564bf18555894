import { describe, expect, test } from 'vitest'
import { clock, weather, writer } from '../../cases/tools.ts'
import { readAnswer } from '../answer.ts'
import { formatByName } from '../format-by-name.ts'
import { renderMarkup } from './render-markup.ts'

const tools = [weather, clock, writer]
const calls = [
  { id: 'functions.get_weather:0', function: { name: 'get_weather', arguments: '{"city":"Oslo","days":3}' } },
  {
    id: 'functions.write_file:1',
    function: { name: 'write_file', arguments: '{"path":"a","content":" x\\n<y> \\"z\\" "}' },
  },
  { id: 'functions.get_time:2', function: { name: 'get_time', arguments: '{}' } },
]
const families = [
  'kimi_k2',
  'kimi_k3',
  'deepseek_r1',
  'deepseek_v3_1',
  'deepseek_dsml',
  'hermes',
  'longcat',
  'qwen3_coder',
  'seed_oss',
  'glm',
  'minimax_m2',
  'mistral',
  'nemotron',
  'cohere',
  'harmony',
]

test.each([
  [
    'kimi_k2',
    '<think>Hm.</think>Yes.<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city":"Oslo","days":3}<|tool_call_end|><|tool_calls_section_end|>',
  ],
  [
    'hermes',
    '<think>\nHm.\n</think>\n\nYes.\n<tool_call>\n{"name": "get_weather", "arguments": {"city":"Oslo","days":3}}\n</tool_call>',
  ],
  [
    'qwen3_coder',
    '<think>\nHm.\n</think>\n\nYes.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nOslo\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>',
  ],
  [
    'glm',
    '<think>Hm.</think>\nYes.\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Oslo</arg_value>\n<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>',
  ],
  [
    'deepseek_v3_1',
    '<think>Hm.</think>Yes.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city":"Oslo","days":3}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  ],
  [
    'harmony',
    '<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>Yes.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city":"Oslo","days":3}<|call|>',
  ],
])('the form of %s', (format, text) => {
  expect(renderMarkup({ content: 'Yes.', reasoning_content: 'Hm.', tool_calls: calls.slice(0, 1) }, format)).toBe(text)
})

test('a call with free text has it as an argument', () => {
  const text = renderMarkup({ tool_calls: [{ id: 'a', custom: { name: 'patch', input: '+ "a"' } }] }, 'hermes')
  expect(text).toBe(String.raw`<tool_call>
{"name": "patch", "arguments": {"input":"+ \"a\""}}
</tool_call>`)
})

test('the opener that the prompt has already is left out', () => {
  const message = { content: 'Yes.', reasoning_content: 'Hm.' }
  expect(renderMarkup(message, 'kimi_k2', { startsIn: 'reasoning' })).toBe('Hm.</think>Yes.')
  expect(renderMarkup({ content: '<think> is a tag' }, 'kimi_k2', { startsIn: 'reasoning' })).toBe('<think> is a tag')
})

test.each(['jamba', 'nothing', '__proto__', 'constructor'])('%s cannot be rendered', (format) => {
  expect(renderMarkup({ content: 'a' }, format)).toBeUndefined()
})

describe.each(families)('%s', (name) => {
  const format = formatByName(name)
  if (!format) throw new Error(`there is no format ${name}`)

  test.each([
    { content: 'Yes.', reasoning_content: 'Hm.', tool_calls: calls },
    { content: null, tool_calls: calls.slice(0, 1) },
    { content: 'Yes.\n\nIndeed.', reasoning_content: 'Hm.\n\nSo.' },
    { content: 'Yes.', tool_calls: calls.slice(2) },
  ])('what is written is read: %j', (message) => {
    const text = renderMarkup(message, name) ?? ''
    const answer = readAnswer({ format, tools }, [text])
    const read = answer.calls.map(({ name, arguments: text, state }) => ({ name, arguments: text, state }))
    expect({ content: answer.content, reasoning: answer.reasoning, calls: read }).toEqual({
      content: message.content ?? '',
      reasoning: message.reasoning_content ?? '',
      calls: (message.tool_calls ?? []).map((call) => ({ ...call.function, state: 'complete' })),
    })
  })
})
