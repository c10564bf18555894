import { describe, expect, test } from 'vitest'
import { clock, weather, writer } from '../cases/tools.ts'
import { answerOf, chunk, done, said, streamOf, type TestChunk } from './chat-answers.ts'
import type { NormalizeOptions, NormalizeReport } from './choice-normalizer.ts'
import { hermes } from './formats/hermes.ts'
import { kimiK2 } from './formats/kimi-k2.ts'
import type { Repair } from './markup-event.ts'
import { ChunkNormalizer, normalizeStream } from './stream.ts'
import { everyCut } from './text-cuts.ts'

const tools = [weather, clock, writer]
const kimi: NormalizeOptions = { format: kimiK2, tools, newId: () => 'made' }
const kimiCall = (name: string, text: string, index = 0) =>
  `<|tool_call_begin|>functions.${name}:${index}<|tool_call_argument_begin|>${text}<|tool_call_end|>`
const oslo = { id: 'functions.get_weather:0', name: 'get_weather', arguments: '{"city":"Oslo"}' }

function normalized(chunks: readonly TestChunk[], options: NormalizeOptions = kimi): TestChunk[] {
  const normalizer = new ChunkNormalizer<TestChunk>(options)
  return [...chunks.flatMap((chunk) => [...normalizer.push(chunk)]), ...normalizer.end('stop')]
}

function native(call: Record<string, unknown>): TestChunk {
  return chunk({ tool_calls: [call] })
}

describe('without markup', () => {
  test('chunks come out as the same objects', () => {
    const chunks = [
      chunk({ role: 'assistant', content: '' }),
      ...said('Hello', ', <b>world</b>', ' {"a": [1]}'),
      chunk({ content: null, refusal: null }),
      chunk({ content: '!' }, null, { citations: ['https://example.org'], unknown: { a: 1 } }),
      done,
      { ...done, choices: [], usage: { prompt_tokens: 1 } },
    ]
    const out = normalized(chunks)
    expect(out).toHaveLength(chunks.length)
    for (const [i, chunk] of out.entries()) expect(chunk).toBe(chunks[i])
  })

  test('a chunk that says all at once, with white space at its end, comes out as the same object', () => {
    const call = { index: 0, id: 'a', type: 'function', function: { name: 'get_time', arguments: '{}' } }
    const whole = chunk({ reasoning_content: 'Hm.\n', content: 'Let me see.\n', tool_calls: [call] }, 'tool_calls')
    expect(normalized([whole])[0]).toBe(whole)
  })

  test('native reasoning and native calls come out as the same objects', () => {
    const chunks = [
      chunk({ role: 'assistant', reasoning_content: 'Let me' }),
      chunk({ reasoning_content: ' see.' }),
      native({ index: 0, id: 'a', type: 'function', function: { name: 'get_weather', arguments: '' } }),
      native({ index: 0, function: { arguments: '{"city":"Oslo"}' } }),
      chunk({}, 'tool_calls'),
    ]
    for (const [i, chunk] of normalized(chunks).entries()) expect(chunk).toBe(chunks[i])
  })

  test.each([
    ['a frame without choices', { usage: { total_tokens: 3 } }],
    ['choices that are none', { choices: null }],
    ['an error', { error: { message: 'x' } }],
    ['a choice that is none', { choices: [null, 'x'] }],
    ['a delta that is none', { choices: [{ index: 0, delta: null }] }],
    ['content that is none', { choices: [{ index: 0, delta: { content: 3, tool_calls: 'x' } }] }],
  ])('%s passes', (_, odd) => {
    const given = odd as unknown as TestChunk
    expect(normalized([given])[0]).toBe(given)
  })
})

describe('calls in the text', () => {
  const text = `Let me see.\n${kimiCall('get_weather', oslo.arguments)}${kimiCall('get_time', '{}', 1)}`
  const expected = {
    content: 'Let me see.',
    reasoning: '',
    calls: [oslo, { id: 'functions.get_time:1', name: 'get_time', arguments: '{}' }],
    finishReason: 'tool_calls',
  }

  test('become tool calls wherever the text is cut', () => {
    expect(answerOf(normalized([...said(text), done]))).toEqual(expected)
    expect(answerOf(normalized([...said(...text), done]))).toEqual(expected)
    for (const pieces of everyCut(text)) expect(answerOf(normalized([...said(...pieces), done]))).toEqual(expected)
  })

  test('have a chunk for each kind of text, with the head of the answer, and the finish reason in one of its own', () => {
    const last = chunk({ content: text }, 'stop', { usage: { total_tokens: 9 }, system_fingerprint: 'f' })
    const out = normalized([last])
    const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }
    const choice = (delta: unknown) => ({ ...head, choices: [{ index: 0, delta, finish_reason: null }] })
    const call = (index: number, { id, name, arguments: text }: typeof oslo) =>
      choice({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: text } }] })
    expect(out).toEqual([
      choice({ content: 'Let me see.' }),
      call(0, oslo),
      call(1, { id: 'functions.get_time:1', name: 'get_time', arguments: '{}' }),
      { ...last, choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
    ])
  })

  test('name themselves once, and later deltas bring arguments only', () => {
    const header = '<|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>'
    const out = normalized(said(header, '{"city":', '"Oslo"}'))
    expect(out.map(({ choices }) => choices[0]?.delta.tool_calls)).toEqual([
      [{ index: 0, id: oslo.id, type: 'function', function: { name: 'get_weather', arguments: '' } }],
      [{ index: 0, function: { arguments: '{"city":' } }],
      [{ index: 0, function: { arguments: '"Oslo"}' } }],
    ])
  })

  test('keep role, log probabilities and unknown fields of the chunk they came in', () => {
    const first = {
      ...chunk({ role: 'assistant', content: `a${kimiCall('get_time', '{}')}`, mood: 'fine' }),
      citations: ['c'],
    }
    const [choice] = first.choices
    const out = normalized([{ ...first, choices: [{ ...choice, logprobs: { content: [] }, stop_reason: 3 } as never] }])
    expect(out[0]?.choices[0]).toMatchObject({
      delta: { role: 'assistant', mood: 'fine', content: 'a' },
      logprobs: { content: [] },
    })
    expect(out.at(-1)).toMatchObject({ citations: ['c'], choices: [{ stop_reason: 3 }] })
    expect(out.at(-1)?.choices[0]).not.toHaveProperty('logprobs')
  })

  test('a chunk whose text is held comes later, but not what else it says', () => {
    expect(normalized(said('<|tool_call'))).toEqual([chunk({ content: '<|tool_call' })])
    const normalizer = new ChunkNormalizer<TestChunk>(kimi)
    expect(normalizer.push(chunk({ content: '<|tool_call' }))).toEqual([])
    const usage = { total_tokens: 3 }
    expect(normalizer.push(chunk({ content: '_be' }, null, { usage }))).toEqual([chunk({}, null, { usage })])
  })

  test('of several choices are read each for itself', () => {
    const both = (a: string, b: string, reason: string | null = null): TestChunk => ({
      ...done,
      choices: [
        { index: 0, delta: { content: a }, finish_reason: reason },
        { index: 1, delta: { content: b }, finish_reason: reason },
      ],
    })
    const call = kimiCall('get_weather', oslo.arguments)
    const out = normalized([both(call.slice(0, 30), 'plain <|tool'), both(call.slice(30), '_calls', 'stop')])
    expect(answerOf(out, 0)).toEqual({ content: '', reasoning: '', calls: [oslo], finishReason: 'tool_calls' })
    expect(answerOf(out, 1)).toEqual({ content: 'plain <|tool_calls', reasoning: '', calls: [], finishReason: 'stop' })
  })
})

describe('the end', () => {
  const half = '<|tool_call_begin|>functions.write_file:0<|tool_call_argument_begin|>{"path":"a","content":"half'

  test.each(['length', 'content_filter'])('by %s is told, and cut arguments stay cut', (reason) => {
    const answer = answerOf(normalized([...said(half), chunk({}, reason)]))
    expect(answer.finishReason).toBe(reason)
    expect(answer.calls[0]?.arguments).toBe('{"path":"a","content":"half')
  })

  test('closes arguments whose last value is whole only where the model was done', () => {
    const open = said('<|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city":"Oslo"')
    const argumentsAt = (reason: string) => answerOf(normalized([...open, chunk({}, reason)])).calls[0]?.arguments
    expect(argumentsAt('stop')).toBe('{"city":"Oslo"}')
    for (const reason of ['length', 'content_filter', 'error']) expect(argumentsAt(reason)).toBe('{"city":"Oslo"')
  })

  test('comes after all that was held', () => {
    const out = normalized([...said('a <|tool_call'), done])
    expect(answerOf(out)).toMatchObject({ content: 'a <|tool_call', finishReason: 'stop' })
    expect(out.at(-1)).toEqual(done)
  })

  test('says tool_calls only where there are calls', () => {
    expect(answerOf(normalized([...said('no call'), chunk({}, 'tool_calls')])).finishReason).toBe('stop')
  })

  test('an empty finish reason is none', () => {
    const out = normalized([chunk({ content: 'a <|tool' }, ''), chunk({ content: 's' }, ''), done])
    expect(answerOf(out).content).toBe('a <|tools')
  })

  test('what comes after the finish reason passes', () => {
    const late = chunk({ content: kimiCall('get_time', '{}') })
    expect(normalized([done, late])[1]).toBe(late)
  })

  test('without a finish reason closes no call', () => {
    const out = normalized(said('<|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city":"Oslo"'))
    expect(answerOf(out)).toMatchObject({ calls: [{ arguments: '{"city":"Oslo"' }], finishReason: null })
  })

  test('by an error of the upstream lets out what was held, closes no call, and throws the error', async () => {
    const error = new Error('reset')
    const out: TestChunk[] = []
    const run = async (pieces: string[]) => {
      for await (const chunk of normalizeStream(streamOf(said(...pieces), error), kimi)) out.push(chunk)
    }
    await expect(run(['Hello <|tool_call'])).rejects.toBe(error)
    expect(answerOf(out)).toMatchObject({ content: 'Hello <|tool_call', calls: [], finishReason: null })
    out.length = 0
    await expect(run([half])).rejects.toBe(error)
    expect(answerOf(out).calls[0]?.arguments).toBe('{"path":"a","content":"half')
  })
})

describe('native reasoning', () => {
  test.each([
    ['reasoning', [{ reasoning: 'Let ' }, { reasoning: 'me.' }]],
    ['thinking', [{ thinking: 'Let ' }, { thinking: 'me.' }]],
    [
      'reasoning beside its details',
      [{ reasoning: 'Let me.', reasoning_details: [{ type: 'reasoning.text', text: 'Let me.' }] }],
    ],
    [
      'details of one block',
      [
        { reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'Let ' }] },
        { reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'me.' }] },
      ],
    ],
    ['content parts', [{ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Let me.' }] }] }]],
  ])('as %s becomes reasoning_content', (_, deltas) => {
    const out = normalized([...deltas.map((delta) => chunk(delta)), ...said('Yes.'), done])
    expect(answerOf(out)).toEqual({ content: 'Yes.', reasoning: 'Let me.', calls: [], finishReason: 'stop' })
    for (const { choices } of out) {
      expect(choices[0]?.delta).not.toHaveProperty('reasoning')
      expect(choices[0]?.delta).not.toHaveProperty('thinking')
    }
  })

  test('keeps its details as they are', () => {
    const reasoning_details = [
      { type: 'reasoning.text', text: 'a', signature: 's' },
      { type: 'reasoning.encrypted', data: 'x' },
    ]
    const [out] = normalized([chunk({ content: '', reasoning: 'a', reasoning_details })])
    expect(out?.choices[0]?.delta).toEqual({ content: '', reasoning_content: 'a', reasoning_details })
  })

  test('separates the blocks of details', () => {
    const detail = (text: string, index?: number) => ({ type: 'reasoning.text', text, index })
    const parts = [chunk({ reasoning_details: [detail('a', 0)] }), chunk({ reasoning_details: [detail('b', 1)] })]
    expect(answerOf(normalized(parts)).reasoning).toBe('a\nb')
    expect(answerOf(normalized([chunk({ reasoning_details: [detail('a'), detail('b')] })])).reasoning).toBe('a\nb')
  })

  test('ends what startsIn says: content after it is content', () => {
    const out = normalized([chunk({ reasoning_content: 'Hm.' }), ...said('Yes.'), done], {
      ...kimi,
      startsIn: 'reasoning',
    })
    expect(answerOf(out)).toMatchObject({ content: 'Yes.', reasoning: 'Hm.' })
  })

  test('gives the calls in it, and stays reasoning', () => {
    const text = `Hm.<|tool_calls_section_begin|>${kimiCall('get_weather', oslo.arguments)}<|tool_calls_section_end|>`
    for (const pieces of [[text], [...text]]) {
      const out = normalized([
        ...pieces.map((reasoning_content) => chunk({ reasoning_content })),
        ...said('Yes.'),
        done,
      ])
      expect(answerOf(out)).toEqual({ content: 'Yes.', reasoning: 'Hm.', calls: [oslo], finishReason: 'tool_calls' })
    }
  })

  test('loses none of what was held when content begins', () => {
    const out = normalized([chunk({ reasoning_content: 'Hm <|tool' }), ...said('Yes.'), done])
    expect(answerOf(out)).toMatchObject({ content: 'Yes.', reasoning: 'Hm <|tool' })
    expect(out.map(({ choices }) => choices[0]?.delta)).toEqual([
      { reasoning_content: 'Hm' },
      { reasoning_content: ' <|tool' },
      { content: 'Yes.' },
      {},
    ])
  })

  test('is not searched for calls in plain text', () => {
    const reasoning_content = 'I could write <tool_call>{"name": "get_time", "arguments": {}}</tool_call>'
    const given = chunk({ reasoning_content })
    expect(normalized([given], { ...kimi, format: hermes })[0]).toBe(given)
  })

  test('and calls of content share their numbers and no id', () => {
    const call = kimiCall('get_weather', oslo.arguments)
    const out = normalized([chunk({ reasoning_content: call }), ...said(call), done])
    expect(answerOf(out).calls).toEqual([oslo, { ...oslo, id: 'made' }])
  })

  test('stands apart from reasoning in the content', () => {
    const out = normalized([chunk({ reasoning_content: 'a' }), ...said('<think>b</think>c'), done])
    expect(answerOf(out)).toMatchObject({ content: 'c', reasoning: 'a\nb' })
  })
})

describe('native calls', () => {
  const given = { index: 0, id: 'x', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }

  test('with arguments as an object get them as a string', () => {
    const call = { ...given, function: { name: 'get_weather', arguments: { city: 'Oslo' } } }
    expect(normalized([native(call)])[0]?.choices[0]?.delta).toEqual({ tool_calls: [given] })
  })

  test('make calls in the text behind them text', () => {
    const text = kimiCall('get_time', '{}')
    const out = normalized([native(given), ...said(text), done])
    expect(answerOf(out)).toEqual({
      content: text,
      reasoning: '',
      calls: [{ ...oslo, id: 'x' }],
      finishReason: 'tool_calls',
    })
  })

  test('that repeat a call of the text are left out, in one piece or in many', () => {
    const whole = native({ ...given, function: { name: 'get_weather', arguments: '{ "city": "Oslo" }' } })
    const pieces = [
      native({ ...given, function: { name: 'get_weather', arguments: '' } }),
      native({ index: 0, function: { arguments: '{"city":' } }),
      native({ index: 0, function: { arguments: '"Oslo"}' } }),
    ]
    for (const chunks of [[whole], pieces]) {
      const out = normalized([...said(kimiCall('get_weather', oslo.arguments)), ...chunks, done])
      expect(answerOf(out)).toEqual({ content: '', reasoning: '', calls: [oslo], finishReason: 'tool_calls' })
    }
  })

  test('that differ from a call of the text come after it, under the next number', () => {
    const other = { ...given, function: { name: 'get_weather', arguments: '{"city":"Bergen"}' } }
    const out = normalized([
      ...said(kimiCall('get_weather', oslo.arguments)),
      native(other),
      native({ ...given, index: 1, id: 'y' }),
      done,
    ])
    expect(answerOf(out).calls).toEqual([oslo, { id: 'x', name: 'get_weather', arguments: '{"city":"Bergen"}' }])
  })

  test('repeat a call as often as it was in the text', () => {
    const out = normalized([
      ...said(kimiCall('get_weather', oslo.arguments)),
      native(given),
      native({ ...given, index: 1, id: 'y' }),
      done,
    ])
    expect(answerOf(out).calls).toEqual([oslo, { ...oslo, id: 'y' }])
  })

  test.each([
    ['functions.get_weather', 'get_weather'],
    ['Get-Weather', 'get_weather'],
    ['3', 'get_weather'],
    [3, 'get_weather'],
    ['lookup', 'lookup'],
  ])('that name %j name %s', (written, name) => {
    const out = normalized([native({ ...given, function: { name: written, arguments: oslo.arguments } }), done])
    expect(answerOf(out).calls).toEqual([{ id: 'x', name, arguments: oslo.arguments }])
  })

  test('with an unknown name get the only one that fits, where that is asked for', () => {
    const repairs: Repair[] = []
    const options: NormalizeOptions = { ...kimi, repairToolNames: 'schema', onRepair: (repair) => repairs.push(repair) }
    const call = { ...given, function: { name: 'lookup', arguments: '{"ci' } }
    const out = normalized([native(call), native({ index: 0, function: { arguments: 'ty":"Oslo"}' } }), done], options)
    expect(answerOf(out).calls).toEqual([{ ...oslo, id: 'x' }])
    expect(repairs).toEqual([{ kind: 'tool-name', detail: 'get_weather', index: 0 }])
  })

  test('that have begun let out what was held of the text first', () => {
    const out = normalized([...said('a <|tool'), native(given), done])
    expect(out.map(({ choices }) => Object.keys(choices[0]?.delta ?? {}))).toEqual([
      ['content'],
      ['content'],
      ['tool_calls'],
      [],
    ])
  })
})

test('a report tells at the end of each choice what was done', () => {
  const reports: NormalizeReport[] = []
  const repairs: Repair[] = []
  const call = kimiCall('Get-Time', '{"a": [1,],}')
  const options: NormalizeOptions = {
    ...kimi,
    onReport: (report) => reports.push(report),
    onRepair: (repair) => repairs.push(repair),
  }
  normalized([chunk({ reasoning_content: call }), ...said(`a${call}`), done], options)
  expect(reports).toEqual([
    { choice: 0, calls: 2, callsInReasoning: 1, repairs: { 'tool-name': 2, 'trailing-comma': expect.any(Number) } },
  ])
  expect(repairs.filter(({ kind }) => kind === 'tool-name').map(({ index }) => index)).toEqual([0, 1])
})
