import { expect, test } from 'vitest'
import { detect } from './detect.ts'
import { formatByName } from './format-by-name.ts'

test.each([
  ['<|tool_calls_section_begin|><|tool_call_begin|>functions.a:0<|tool_call_argument_begin|>{}', 'kimi_k2'],
  ['<|tool_call_begin|>functions.a:0', 'kimi_k2'],
  ['<|open|>tools<|sep|>', 'kimi_k3'],
  ['◁think▷a◁/think▷', 'kimi_vl'],
  ['<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>a\n```json\n{}\n```', 'deepseek_r1'],
  ['<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>a<｜tool▁sep｜>{}<｜tool▁call▁end｜>', 'deepseek_v3_1'],
  ['<｜DSML｜function_calls>', 'deepseek_dsml'],
  ['<think>a</think><tool_call>\n{"name": "a"}', 'hermes'],
  ['<tool_call>\n<function=a>\n', 'qwen3_coder'],
  ['<tool_call>get_time\n<arg_key>a</arg_key>', 'glm'],
  ['<tool_call>get_time</tool_call>', 'glm'],
  ['<tool_calls>\n{"name": "a"}', 'minimax_m1'],
  ['<minimax:tool_call>\n<invoke name="a">', 'minimax_m2'],
  [']<]minimax[>[<tool_call>', 'minimax_m3'],
  ['[TOOL_CALLS]a[ARGS]{}', 'mistral'],
  ['<|python_tag|>{"name": "a"}', 'llama_json'],
  ['<|channel|>analysis<|message|>a', 'harmony'],
  ['<|START_ACTION|>[', 'cohere'],
  ['<tool_calls>[{"name": "a"}]</tool_calls>', 'hunyuan'],
  ['functools[{"name": "a"}]', 'phi4_mini'],
  ['<TOOLCALL>[{"name": "a"}]</TOOLCALL>', 'nemotron'],
  ['<longcat_tool_call>', 'longcat'],
  ['```json\n{"tool_calls": [{"function": {}}]}\n```', 'prompted'],
  ['thought </think> answer', 'reasoning'],
])('%j is %s', (text, name) => {
  expect(detect(text)).toEqual([name])
  expect(formatByName(name)?.name).toBe(name)
})

test('plain text and mentions are of no format', () => {
  expect(detect('The tag <tool_call> begins a call; {"a": [1]} does not.')).toEqual([])
})

test('marks of several formats come in the order of the text', () => {
  expect(detect('<minimax:tool_call> [TOOL_CALLS]')).toEqual(['minimax_m2', 'mistral'])
})

test('marks without their end cost no more than their length', () => {
  // A pattern that goes back over its text would not finish this within the time of a test.
  expect(detect('<tool_call>x'.repeat(200_000))).toEqual([])
  expect(detect(`<tool_call>${'\\n'.repeat(500_000)}`)).toEqual([])
})
