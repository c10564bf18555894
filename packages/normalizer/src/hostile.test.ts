import { describe, expect, test } from 'vitest'
import { clock, weather, writer } from '../cases/tools.ts'
import { type Answer, addEvents, emptyAnswer, numberedIds, readAnswer } from './answer.ts'
import { formatByName, formatNames } from './format-by-name.ts'
import type { MarkupEvent } from './markup-event.ts'
import type { MarkupFormat } from './markup-format.ts'
import { brokenLaw } from './markup-laws.ts'
import { createMarkupParser, type MarkupParserOptions } from './markup-machine.ts'
import type { ToolDefinition } from './tool.ts'

const tools = [weather, clock, writer]

function formatOf(name: string): MarkupFormat {
  const format = formatByName(name)
  if (!format) throw new Error(`there is no format ${name}`)
  return format
}

/** How much text of the model is in the events. */
function lengthOf(events: readonly MarkupEvent[]): number {
  let length = 0
  for (const event of events) {
    if (event.type === 'tool-call') length += event.name.length
    else if (event.type !== 'tool-call-end') length += event.text.length
  }
  return length
}

function countOf(character: string, { content, reasoning, calls }: Answer): number {
  const all = [content, reasoning, ...calls.map((call) => call.arguments), ...calls.map(({ name }) => name)].join('')
  return all.split(character).length - 1
}

describe.each(formatNames.map((name) => ({ name, format: formatOf(name) })))('$name', ({ format }) => {
  const all = [
    ...(format.openers ?? []).map(({ text }) => text),
    ...(format.reasoning ?? []).map(({ opener }) => opener),
  ]
  // Of the many that `auto` has in common with others some will do.
  const openers = [...new Set(all)].filter(
    (opener, index) => opener !== '' && (format.name !== 'auto' || index % 4 === 0),
  )

  test('an opener again and again, also one character at a time', () => {
    for (const opener of openers) {
      const text = opener.repeat(Math.ceil(8_000 / opener.length))
      const whole = readAnswer({ format, tools }, [text])
      expect(readAnswer({ format, tools }, text.split('')), opener).toEqual(whole)
    }
  })

  test('what is undecided is text at the bound, at any cut, and nothing of it is lost', () => {
    for (const opener of openers) {
      const text = `So.\n${opener}${'q'.repeat(3000)}`
      const options = { format, tools, maxHeld: 500 }
      const whole = readAnswer(options, [text])
      expect(countOf('q', whole) - countOf('q', readAnswer({ format }, [opener])), opener).toBe(3000)
      expect(readAnswer(options, text.split('')), opener).toEqual(whole)
    }
  })

  test('no more is held than the bound allows', () => {
    for (const opener of openers) {
      for (const filler of ['q', '{"a":', '<', '[', '"', '{"name": "', '\\', '`']) {
        const parser = createMarkupParser(numberedIds({ format, tools, maxHeld: 300 }))
        let held = lengthOf(parser.push(`So.\n${opener}`)) - opener.length
        let most = 0
        for (let given = 0; given < 1500; given += filler.length) {
          held += filler.length - lengthOf(parser.push(filler))
          most = Math.max(most, held)
        }
        expect(most, opener + filler).toBeLessThan(300 + 100)
      }
    }
  })

  test('lone surrogates, NUL and odd spaces in text', () => {
    const text = 'a\ud83d\0b\udc00\ufeff\u2028 \u00a0c\ud800'
    for (const pieces of [[text], text.split('')]) {
      expect(readAnswer({ format, tools }, pieces)).toEqual({ content: text, reasoning: '', calls: [] })
    }
  })

  test('white space without end', () => {
    const text = `So.${' \n'.repeat(2000)}`
    for (const pieces of [[text], text.split('')]) {
      expect(readAnswer({ format, tools, maxHeld: 500 }, pieces).content).toBe(text)
    }
  })
})

/** The opener of a call up to its arguments, and what closes it. */
const RAW_JSON: readonly (readonly [name: string, before: string, after: string])[] = [
  ['kimi_k2', '<|tool_call_begin|>functions.set:0<|tool_call_argument_begin|>', '<|tool_call_end|>'],
  ['deepseek_v3_1', '<｜tool▁call▁begin｜>set<｜tool▁sep｜>', '<｜tool▁call▁end｜>'],
  ['hermes', '<tool_call>{"name": "set", "arguments": ', '}</tool_call>'],
  ['mistral', '[TOOL_CALLS]set[ARGS]', ''],
  ['llama_json', '<|python_tag|>{"name": "set", "parameters": ', '}'],
]

describe.each(RAW_JSON)('%s, JSON', (name, before, after) => {
  const format = formatOf(name)
  const read = (text: string) => readAnswer({ format }, [before + text + after])

  test('numbers beyond 2^53 keep their digits', () => {
    const written = '{"a": 9007199254740993, "b": 0.1000000000000000055511151231257827, "c": 1e999}'
    expect(read(written).calls[0]?.arguments).toBe(written)
  })

  test('keys that mean something to JavaScript, and repeated ones', () => {
    const written = '{"__proto__": {"x": 1}, "constructor": 1, "constructor": 2, "": 0}'
    expect(read(written).calls[0]?.arguments).toBe(written)
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })

  test('lone surrogates and NUL in a string', () => {
    expect(read('{"a": "\ud83d\0\udc00"}').calls[0]?.arguments).toBe('{"a": "\ud83d\\u0000\udc00"}')
  })

  test('deeper than the bound: passed on as it is', () => {
    const deep = `{"a": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`
    const { calls } = read(deep)
    expect(calls[0]).toMatchObject({ name: 'set', arguments: deep, state: 'invalid' })
  })

  test('as deep as the bound: valid', () => {
    const deep = `{"a": ${'['.repeat(400)}${']'.repeat(400)}}`
    expect(read(deep).calls[0]).toMatchObject({ arguments: deep, state: 'complete' })
  })

  test('containers that never close', () => {
    const text = `${before}{"a": ${'[{"b":'.repeat(20_000)}`
    const { calls } = readAnswer({ format }, text.split(''), 'length')
    expect(calls[0]?.state).not.toBe('complete')
    expect(calls[0]?.arguments.split('[{').length).toBe(20_001)
  })

  test('a string without an end, one character at a time, is given out as it comes', () => {
    const parser = createMarkupParser({ format })
    const answer = emptyAnswer()
    addEvents(answer, parser.push(`${before}{"a": "`))
    for (let i = 0; i < 200_000; i++) addEvents(answer, parser.push('x'))
    expect(answer.calls[0]?.arguments).toBe(`{"a": "${'x'.repeat(200_000)}`)
  })
})

/** Values as bare text: the opener of one parameter `value` of the tool `set`, and what closes all. */
const BARE_TEXT: readonly (readonly [name: string, before: string, after: string])[] = [
  ['qwen3_coder', '<tool_call>\n<function=set>\n<parameter=value>\n', '\n</parameter>\n</function>\n</tool_call>'],
  ['glm', '<tool_call>set\n<arg_key>value</arg_key>\n<arg_value>', '</arg_value>\n</tool_call>'],
  [
    'minimax_m2',
    '<minimax:tool_call>\n<invoke name="set">\n<parameter name="value">',
    '</parameter>\n</invoke>\n</minimax:tool_call>',
  ],
  [
    'anthropic_xml',
    '<function_calls>\n<invoke name="set">\n<parameter name="value">',
    '</parameter>\n</invoke>\n</function_calls>',
  ],
]

const setWith = (parameters: unknown): ToolDefinition => ({ type: 'function', function: { name: 'set', parameters } })
const itself: Record<string, unknown> = { type: 'object' }
itself.properties = { value: itself }
itself.anyOf = [itself]

const SCHEMAS: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['a number', 3],
  ['text', 'object'],
  ['an array', []],
  ['a type that is none', { type: 5, properties: { value: { type: {} } } }],
  ['properties that are none', { properties: null }],
  ['properties that are text', { properties: 'value' }],
  ['a property that is none', { properties: { value: null } }],
  ['a property that is a list', { properties: { value: [] } }],
  ['true', { properties: { value: true } }],
  ['false', { properties: { value: false } }],
  ['a reference to nothing', { properties: { value: { $ref: '#/$defs/none' } } }],
  ['a reference to another document', { properties: { value: { $ref: 'https://example.com/schema' } } }],
  ['a reference to itself', { properties: { value: { $ref: '#/properties/value' } } }],
  [
    'references in a circle',
    { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, properties: { value: { $ref: '#/$defs/a' } } },
  ],
  ['a reference that is a number', { properties: { value: { $ref: 7 } } }],
  ['an enum that is none', { properties: { value: { enum: 3, anyOf: 'x', oneOf: {}, allOf: null } } }],
  ['an empty enum', { properties: { value: { enum: [], type: [] } } }],
  ['an object that holds itself', itself],
  ['alternatives 10,000 deep', { properties: { value: nestedSchema(10_000) } }],
]

function nestedSchema(depth: number): unknown {
  let schema: unknown = { type: 'string' }
  for (let i = 0; i < depth; i++) schema = { anyOf: [schema] }
  return schema
}

describe.each(BARE_TEXT)('%s, bare text', (name, before, after) => {
  const format = formatOf(name)
  const read = (value: string, options: Partial<MarkupParserOptions>) =>
    readAnswer({ format, ...options }, [before + value + after])

  test.each(SCHEMAS)('a schema that is none: %s', (_, parameters) => {
    const { calls, content } = read('some text', { tools: [setWith(parameters)] })
    expect(calls).toEqual([{ id: 'new-1', name: 'set', arguments: '{"value":"some text"}', state: 'complete' }])
    expect(content).toBe('')
  })

  test('tools that are none', () => {
    const nonsense: unknown = [null, 3, 'x', {}, { function: null }, { type: 'function', function: { name: 7 } }]
    // Lists of tools come from clients, and their types are a promise only.
    const given = nonsense as ToolDefinition[]
    const { calls } = read('5', { tools: [...given, setWith({ properties: { value: { type: 'integer' } } })] })
    expect(calls[0]).toMatchObject({ name: 'set', arguments: '{"value":5}' })
    expect(() => read('5', { tools: given })).not.toThrow()
  })

  test('of tools with equal names the first counts', () => {
    const [first, second] = ['integer', 'string'].map((type) => setWith({ properties: { value: { type } } }))
    if (!first || !second) throw new Error('there are two')
    expect(read('5', { tools: [first, second] }).calls[0]?.arguments).toBe('{"value":5}')
    expect(read('5', { tools: [second, first] }).calls[0]?.arguments).toBe('{"value":"5"}')
  })

  test('numbers beyond 2^53 keep their digits', () => {
    const schema = setWith({ properties: { value: { type: 'number' } } })
    expect(read('9007199254740993.00', { tools: [schema] }).calls[0]?.arguments).toBe('{"value":9007199254740993.00}')
  })

  test('an array that is too deep stays text', () => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000)
    const { calls } = read(deep, { tools: [setWith({ properties: { value: { type: 'array' } } })] })
    expect(calls[0]).toMatchObject({ arguments: `{"value":"${deep}"}`, state: 'complete' })
  })

  test('a value of another type than text that passes the bound stays text', () => {
    const long = `[${'1,'.repeat(2000)}1]`
    const schema = setWith({ properties: { value: { type: 'array' } } })
    const text = before + long + after
    for (const pieces of [[text], text.split('')]) {
      const { calls } = readAnswer({ format, tools: [schema], maxHeld: 500 }, pieces)
      expect(calls[0]).toMatchObject({ arguments: `{"value":"${long}"}`, state: 'complete' })
    }
  })

  test('a text without an end, one character at a time, is given out as it comes', () => {
    const parser = createMarkupParser({ format, tools: [setWith({ properties: { value: { type: 'string' } } })] })
    const answer = emptyAnswer()
    addEvents(answer, parser.push(before))
    for (let i = 0; i < 100_000; i++) addEvents(answer, parser.push('x'))
    expect(answer.calls[0]?.arguments).toBe(`{"value":"${'x'.repeat(100_000)}`)
  })

  test('a value of nothing but beginnings of its closer', () => {
    const text = before + after.trim().slice(0, 5).repeat(5000) + after
    const options = { format, tools: [setWith({ properties: { value: { type: 'string' } } })] }
    const whole = readAnswer(options, [text])
    expect(readAnswer(options, text.split(''))).toEqual(whole)
    expect(whole.calls[0]?.arguments).toContain(after.trim().slice(0, 5).repeat(5000))
  })

  test('a value of nothing but its closer', () => {
    const closer = after.trim().slice(0, after.trim().indexOf('>') + 1)
    const text = `${before}${`${closer} x `.repeat(2000)}${after}`
    const options = { format, tools: [setWith({ properties: { value: { type: 'string' } } })] }
    const whole = readAnswer(options, [text])
    expect(readAnswer(options, text.split(''))).toEqual(whole)
    expect(countOf('x', whole)).toBe(2000)
  })
})

test('parameters with names that mean something to JavaScript', () => {
  const format = formatOf('qwen3_coder')
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
  const text = `<tool_call>\n<function=set>\n${names.map((key) => `<parameter=${key}>\n1\n</parameter>\n`).join('')}</function>\n</tool_call>`
  const expected = `{${names.map((key) => `"${key}":"1"`).join(',')}}`
  expect(readAnswer({ format, tools: [setWith({ type: 'object', properties: {} })] }, [text]).calls[0]?.arguments).toBe(
    expected,
  )
})

test('a name that waits for its arguments waits no longer than the bound', () => {
  const schema = { type: 'object', properties: { term: {} }, required: ['term'] }
  const lookup: ToolDefinition = { type: 'function', function: { name: 'lookup', parameters: schema } }
  const options = { format: formatOf('kimi_k2'), tools: [lookup], maxHeld: 500 }
  for (const [length, name] of [[400, 'lookup'] as const, [600, '7'] as const]) {
    const text = `<|tool_call_begin|>7<|tool_call_argument_begin|>{"term":"${'x'.repeat(length)}"}<|tool_call_end|>`
    const whole = readAnswer(options, [text])
    expect(whole.calls[0]).toMatchObject({ name, arguments: `{"term":"${'x'.repeat(length)}"}`, state: 'complete' })
    expect(readAnswer(options, text.split(''))).toEqual(whole)
  }
})

test('tools with names that mean something to JavaScript', () => {
  const format = formatOf('hermes')
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const text = `<tool_call>{"name": "${name}", "arguments": {}}</tool_call>`
    expect(readAnswer({ format, tools }, [text]).calls[0]).toMatchObject({ name, arguments: '{}' })
  }
})

test.each([
  ['an opener that never commits', 'hermes', '<tool_call> '],
  ['many calls', 'kimi_k2', '<|tool_call_begin|>functions.a:0<|tool_call_argument_begin|>{}<|tool_call_end|>'],
  ['angles', 'auto', '<'],
  ['beginnings of a marker', 'kimi_k2', '<|tool_call_begin|'],
  ['braces in prose', 'auto', '{ "a": [ '],
  ['backticks', 'auto', '`` ` ```\n'],
  ['openers of reasoning', 'reasoning', '<think>\n'],
  ['pairs of reasoning', 'reasoning', '<think>a</think>\n'],
  ['pairs of an argument', 'glm', '<tool_call>a<arg_key>b</arg_key><arg_value>c</arg_value></tool_call>'],
])('half a million characters of %s', (_, name, unit) => {
  const format = formatOf(name)
  const text = unit.repeat(Math.ceil(500_000 / unit.length))
  const read = (pieces: readonly string[]) => {
    const parser = createMarkupParser({ format, tools })
    let length = 0
    for (const piece of pieces) length += lengthOf(parser.push(piece))
    return length + lengthOf(parser.end('stop'))
  }
  expect(read(text.match(/[\s\S]{1,24}/g) ?? [])).toBe(read([text]))
})

test('generated ids', () => {
  const text = '<tool_call>{"name": "get_time", "arguments": {}}</tool_call>'
  const parser = createMarkupParser({ format: formatOf('hermes'), tools })
  const ids = [...parser.push(text.repeat(20)), ...parser.end('stop')].flatMap((e) =>
    e.type === 'tool-call' ? [e.id] : [],
  )
  expect(new Set(ids).size).toBe(20)
  for (const id of ids) expect(id).toMatch(/^call_[A-Za-z0-9]{24}$/)
  const mistral = createMarkupParser({ format: formatOf('mistral'), tools })
  for (const event of mistral.push('[TOOL_CALLS]get_time[ARGS]{}')) {
    if (event.type === 'tool-call') expect(event.id).toMatch(/^[A-Za-z0-9]{9}$/)
  }
})

test('pushing after the end, ending twice and pushing nothing do not throw', () => {
  for (const name of formatNames) {
    const parser = createMarkupParser({ format: formatOf(name), tools })
    expect(() => [
      parser.push(''),
      parser.end('stop'),
      parser.end('cut'),
      parser.push('x'),
      parser.reset(),
    ]).not.toThrow()
    expect(parser.push('x')).toEqual([{ type: 'content', text: 'x' }])
  }
})

test('texts that broke something once', () => {
  const texts: readonly (readonly [format: string, text: string])[] = [
    ['hermes', '\ufeff```\n<think>'],
    ['reasoning', '\u2028```\n</think>'],
    ['pythonic', '\u00a0```\n[get_time(a='],
    ['hermes', '<tool_call>{"name":"g""":</tool_call>\u2028```\n<tool_call>{'],
    ['apertus', '<|tools_prefix|>[{"e":{}"":""""":{}'],
    ['apertus', '<|tools_prefix|>[{"e":{]"":""'],
  ]
  for (const [name, text] of texts) {
    for (const how of ['stop', 'length', 'cut'] as const) {
      expect(brokenLaw({ options: { format: formatOf(name), tools }, text, how, seed: 1 }), text).toBeUndefined()
    }
  }
})
