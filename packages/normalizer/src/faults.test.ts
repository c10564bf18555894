import { describe, expect, test } from 'vitest'
import { readAnswer } from './answer.ts'
import { deepseekV31 } from './formats/deepseek-v3-1.ts'
import { glm } from './formats/glm.ts'
import { hermes } from './formats/hermes.ts'
import { kimiK2 } from './formats/kimi-k2.ts'
import { reasoning } from './formats/reasoning.ts'
import type { Repair } from './markup-event.ts'
import type { MarkupFormat } from './markup-format.ts'
import { normalizeStream } from './stream.ts'
import { everyCut } from './text-cuts.ts'
import type { ToolDefinition } from './tool.ts'

const tools: readonly ToolDefinition[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]

/** How four families write the same call. */
const FAMILIES: readonly (readonly [MarkupFormat, string])[] = [
  [
    kimiK2,
    '<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city":"Paris"}<|tool_call_end|><|tool_calls_section_end|>',
  ],
  [hermes, '<tool_call>\n{"name": "get_weather", "arguments": {"city":"Paris"}}\n</tool_call>'],
  [glm, '<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n</tool_call>'],
  [
    deepseekV31,
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city":"Paris"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  ],
]

const paris = expect.objectContaining({ name: 'get_weather', arguments: '{"city":"Paris"}', state: 'complete' })

describe.each(FAMILIES.map(([format, markup]) => ({ name: format.name, format, markup })))('$name', (family) => {
  const { format, markup } = family

  test('fault 33: markers in the content become calls and leave the text, at every cut', () => {
    for (const pieces of everyCut(`Let me see.\n${markup}`)) {
      expect(readAnswer({ format, tools }, pieces)).toEqual({ content: 'Let me see.', reasoning: '', calls: [paris] })
    }
  })

  test('fault 34: the same inside reasoning, which stays reasoning', () => {
    for (const pieces of everyCut(`<think>Weather is needed.\n${markup}`)) {
      const expected = { content: '', reasoning: 'Weather is needed.', calls: [paris] }
      expect(readAnswer({ format, tools }, pieces)).toEqual(expected)
    }
  })

  test('fault 35: quoted markers are text', () => {
    const example = markup.replaceAll('get_weather', 'example')
    const text = `Write it so:\n\`\`\`\n${example}\n\`\`\`\nIt begins with \`${markup.slice(0, markup.indexOf('>') + 1)}\`.\n`
    for (const pieces of everyCut(text)) {
      expect(readAnswer({ format, tools }, pieces)).toEqual({ content: text, reasoning: '', calls: [] })
    }
  })
})

test.each<[string, string, readonly Repair['kind'][]]>([
  ['{"a": 1,}', '{"a": 1}', ['trailing-comma']],
  ['{"a": [1, 2, ]}', '{"a": [1, 2 ]}', ['trailing-comma']],
  ['{"a": None}', '{"a": null}', ['literal']],
  ['{"a": True, "b": False}', '{"a": true, "b": false}', ['literal', 'literal']],
  ['{"a": NaN}', '{"a": null}', ['literal']],
  [`{'a': 'it is "b"'}`, '{"a": "it is \\"b\\""}', ['quotes', 'quotes']],
  ['{a: 1}', '{"a": 1}', ['unquoted-key']],
  ['{"a":/* one */1}', '{"a":1}', ['comment']],
  ['{"a": "\\d"}', '{"a": "\\\\d"}', ['escape']],
  ['{"a": "one\ntwo"}', '{"a": "one\\ntwo"}', ['control-character']],
  ['{"a": 1}}', '{"a": 1}', ['surplus-closer']],
  ['"{\\"a\\": 1}"', '{"a": 1}', ['encoded-arguments']],
])('fault 36: %s is mended and marked', (written, mended, kinds) => {
  const repairs: Repair[] = []
  const text = `<|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>${written}<|tool_call_end|>`
  const { calls } = readAnswer({ format: kimiK2, tools, onRepair: (repair) => repairs.push(repair) }, [text])
  expect(calls).toEqual([{ id: 'functions.get_weather:0', name: 'get_weather', arguments: mended, state: 'complete' }])
  expect(() => JSON.parse(mended)).not.toThrow()
  expect([...new Set(repairs.map(({ kind }) => kind))]).toEqual([...new Set(kinds)])
  expect(repairs.every(({ index }) => index === 0)).toBe(true)
})

test('fault 36: valid arguments are not touched, and nothing is marked', () => {
  const repairs: Repair[] = []
  const written = '{ "a" : [1.0, -0, 1e400], "a":"\\u00e9\\/" ,"b":{}}'
  const text = `<|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>${written}<|tool_call_end|>`
  const { calls } = readAnswer({ format: kimiK2, tools, onRepair: (repair) => repairs.push(repair) }, [text])
  expect(calls[0]?.arguments).toBe(written)
  expect(repairs).toEqual([])
})

describe.each(FAMILIES.map(([format, markup]) => ({ name: format.name, format, markup })))('$name', (family) => {
  const { format, markup } = family
  const half = markup.slice(0, markup.indexOf('Paris') + 3)

  test('fault 37: arguments that a limit cut are not completed, and the limit is told', async () => {
    const answer = await streamed(half, format, 'length')
    expect(answer.finish_reason).toBe('length')
    expect(answer.arguments).toMatch(/^\{"city":\s*"Par$/)
  })

  test('fault 37: the same where the stream breaks, and the failure goes on', async () => {
    const answer = await streamed(half, format, new Error('reset'))
    expect(answer.error).toEqual(new Error('reset'))
    expect(answer.finish_reason).toBeUndefined()
    expect(answer.arguments).toMatch(/^\{"city":\s*"Par$/)
  })
})

describe.each([reasoning, hermes, glm])('$name', (format) => {
  test.each<[string, 'text' | 'reasoning', string, string, string]>([
    ['that is never closed', 'text', '<think>Rain, so', 'Rain, so', ''],
    ['that the template opened and nothing closed', 'reasoning', 'Rain, so', 'Rain, so', ''],
    ['that the template opened', 'reasoning', 'Rain, so</think>Wet.', 'Rain, so', 'Wet.'],
    ['that is opened once more than needed', 'reasoning', '<think>Rain</think>Wet.', 'Rain', 'Wet.'],
    ['with another one inside, which the first closer ends', 'text', '<think>a <think>b</think>c', 'a <think>b', 'c'],
    ['that is closed twice', 'text', '<think>a</think></think>b', 'a', 'b'],
    ['whose closer is cut off', 'text', '<think>a</thi', 'a</thi', ''],
    ['of which there is only a part of the opener', 'text', '<thin', '', '<thin'],
    ['that is only talked about', 'text', 'Write `<think>` before </think>.', '', 'Write `<think>` before </think>.'],
  ])('fault 42: reasoning %s is parted rightly at every cut', (_what, startsIn, text, thought, content) => {
    for (const pieces of everyCut(text)) {
      expect(readAnswer({ format, tools, startsIn }, pieces)).toEqual({ content, reasoning: thought, calls: [] })
    }
  })
})

/** What a client gets of a text that ends with a finish reason, or with a failure. */
async function streamed(text: string, format: MarkupFormat, end: string | Error) {
  async function* chunks() {
    for (let at = 0; at < text.length; at += 7) {
      yield { choices: [{ index: 0, delta: { content: text.slice(at, at + 7) }, finish_reason: null }] }
    }
    if (end instanceof Error) throw end
    yield { choices: [{ index: 0, delta: {}, finish_reason: end }] }
  }
  const answer: { arguments: string; finish_reason?: string; error?: unknown } = { arguments: '' }
  try {
    for await (const chunk of normalizeStream(chunks(), { format, tools })) {
      for (const { delta, finish_reason } of chunk.choices) {
        if (finish_reason) answer.finish_reason = finish_reason
        for (const call of 'tool_calls' in delta && Array.isArray(delta.tool_calls) ? delta.tool_calls : []) {
          answer.arguments += call.function.arguments
        }
      }
    }
  } catch (error) {
    answer.error = error
  }
  return answer
}
