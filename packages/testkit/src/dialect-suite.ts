import { type AnswerEncoder, type AnswerReader, Collector, canonicalChunks, DragomanError } from '@dragoman/core'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatMessage,
  Delta,
} from '@dragoman/openai-schema'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { everyTextCut } from './cuts.ts'
import { type GeneratedAnswer, generatedAnswer, generatedRequest } from './dialect-cases.ts'

/** What the suite asks of a client's dialect; `ClientDialect` of `@dragoman/dialects` fits. */
export interface TestedClient {
  readRequest(body: unknown, options?: { readonly seal?: TestedSeal | undefined }): TestedRead
}

interface TestedRead {
  readonly chat: ChatCompletionRequest
  encoder(): AnswerEncoder
  whole(completion: ChatCompletion): object
}

/** `UpstreamDialect` fits. */
export interface TestedUpstream {
  writeRequest(request: ChatCompletionRequest): { readonly body: object; reader(): AnswerReader }
}

interface TestedSeal {
  seal(reasoning: object): string
  open(value: string): undefined | { text: string }
}

export interface DialectSuiteOptions {
  readonly client: TestedClient
  readonly upstream: TestedUpstream
  /** A client's request that wants to see all there is to see of an answer, reasoning too. */
  readonly body: object
  /** A request as the dialect can say it: what it has no word for left out or in its nearest form. */
  readonly sayable: (request: ChatCompletionRequest) => ChatCompletionRequest
  /** The same client's next request: after this whole answer of the dialect, with a result for each of its calls. */
  readonly continued: (answer: object) => object
}

/**
 * What every dialect promises, as tests. Both sides are held against each other: what the client's side writes, the
 * upstream's side reads.
 */
export function testDialect(name: string, options: DialectSuiteOptions): void {
  describe(`dialect ${name}`, () => {
    test('a request comes back as it was, but for what the dialect cannot say', () => {
      fc.assert(
        fc.property(generatedRequest, (generated) => {
          const request = options.sayable(generated)
          const { body } = options.upstream.writeRequest(request)
          // As it would arrive: as JSON.
          const read = options.client.readRequest(JSON.parse(JSON.stringify(body)))
          expect(options.sayable(read.chat)).toEqual(request)
        }),
      )
    })

    test('a whole answer comes back as it was', () => {
      fc.assert(
        fc.property(generatedAnswer, (answer) => {
          expect(throughWhole(options, answer.completion)).toEqual(gist(answer.completion))
        }),
      )
    })

    test('a streamed answer comes back as it was, however it was cut', () => {
      fc.assert(
        fc.property(generatedAnswer, (answer) => {
          expect(throughStream(options, answer.chunks)).toEqual(gist(answer.completion))
        }),
      )
    })

    test.each(everyTextCut('Grüße 🐉 "{}"\n').map((pieces) => [pieces]))(
      'a text cut into %j is joined again',
      (pieces) => {
        const whole = pieces.join('')
        const said = pieces.map((piece) => ({ content: piece }))
        const thought = pieces.map((piece) => ({ reasoning_content: piece }))
        expect(throughStream(options, chunksOf([...thought, ...said]))).toMatchObject({
          content: whole,
          reasoning: whole,
        })
      },
    )

    test.each(everyTextCut('{"städte":["Oslo","}{"]}'))(
      'arguments that are cut into %j are joined again',
      (...pieces) => {
        const opened = { index: 0, id: 'call_a', type: 'function', function: { name: 'look', arguments: '' } } as const
        const deltas: Delta[] = [
          { tool_calls: [opened] },
          ...pieces.map((piece) => ({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
        ]
        expect(throughStream(options, chunksOf(deltas, 'tool_calls')).calls).toEqual([
          { id: 'call_a', name: 'look', arguments: JSON.parse(pieces.join('')) },
        ])
      },
    )

    test('calls whose pieces are mixed come apart again, in order', () => {
      const open = (index: number) => ({
        tool_calls: [
          { index, id: `call_${index}`, type: 'function' as const, function: { name: `f${index}`, arguments: '' } },
        ],
      })
      const piece = (index: number, text: string) => ({ tool_calls: [{ index, function: { arguments: text } }] })
      const deltas = [
        open(0),
        piece(0, '{"a":'),
        open(1),
        piece(1, '{"b":'),
        open(2),
        piece(0, '1}'),
        piece(2, '{}'),
        { content: 'and' },
        piece(1, '2}'),
      ]
      expect(throughStream(options, chunksOf(deltas, 'tool_calls'))).toMatchObject({
        content: 'and',
        calls: [
          { id: 'call_0', name: 'f0', arguments: { a: 1 } },
          { id: 'call_1', name: 'f1', arguments: { b: 2 } },
          { id: 'call_2', name: 'f2', arguments: {} },
        ],
      })
    })

    test('a heartbeat changes nothing, wherever it comes', () => {
      const chunks = chunksOf([{ content: 'a' }, { content: 'b' }])
      expect(throughStream(options, chunks, { heartbeats: true })).toEqual(throughStream(options, chunks))
    })

    test('an answer that broke is read as an error, and nothing looks like its end', () => {
      const encoder = encoderOf(options)
      const [first, second] = chunksOf([{ content: 'a' }, { content: 'b' }])
      const frames =
        encoder.chunk(first as ChatCompletionChunk) +
        encoder.chunk(second as ChatCompletionChunk) +
        encoder.error(new DragomanError('upstream_unavailable', 'The upstream went away'))
      expect(() => readFrames(options, frames)).toThrow('The upstream went away')
    })

    test('an error before the answer is read as one', () => {
      const frames = encoderOf(options).error(new DragomanError('upstream_unavailable', 'Nobody is there'))
      expect(() => readFrames(options, frames)).toThrow('Nobody is there')
    })

    test('an answer that just stops is no answer', () => {
      const encoder = encoderOf(options)
      const frames = chunksOf([{ content: 'a' }])
        .slice(0, -2)
        .map((chunk) => encoder.chunk(chunk))
        .join('')
      expect(() => readFrames(options, frames)).toThrow(expect.objectContaining({ code: 'upstream_protocol' }))
    })

    test('frames of an upstream that go out as they came bring their own end', () => {
      const encoder = encoderOf(options)
      encoder.relayed?.(new Uint8Array())
      expect(encoder.end()).toBe('')
    })

    test('reasoning goes out sealed and comes back to its turn', () => {
      fc.assert(
        fc.property(generatedAnswer, ({ completion }) => {
          const { reasoning_content, tool_calls } = messageOf(completion)
          fc.pre(reasoning_content !== undefined && tool_calls !== undefined)
          const answer = options.client.readRequest(options.body, { seal }).whole(completion)
          const next = JSON.parse(JSON.stringify(options.continued(answer)))
          const turn = lastTurn(options.client.readRequest(next, { seal }).chat.messages)
          expect(turn).toMatchObject({ role: 'assistant', reasoning_content })
          expect(turn).toHaveProperty('tool_calls.length', tool_calls?.length)
        }),
      )
    })
  })
}

/** What it hides can be read, so that a failure shows it. */
const seal: TestedSeal = {
  seal: (reasoning) => `sealed.${JSON.stringify(reasoning)}`,
  open: (value) => (value.startsWith('sealed.') ? JSON.parse(value.slice('sealed.'.length)) : undefined),
}

/** What an answer says, without what a dialect numbers by itself. */
interface Gist {
  readonly content: string
  readonly reasoning: string | undefined
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[]
  readonly finish: string | undefined
  readonly tokens: readonly (number | undefined)[]
}

function gist(completion: ChatCompletion): Gist {
  const message = messageOf(completion)
  const { usage } = completion
  return {
    content: message.content ?? '',
    reasoning: message.reasoning_content,
    calls: (message.tool_calls ?? []).map((call) =>
      call.type === 'function'
        ? { id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments) }
        : { id: call.id, name: call.custom.name, arguments: call.custom.input },
    ),
    finish: completion.choices[0]?.finish_reason,
    tokens: [
      usage?.prompt_tokens,
      usage?.prompt_tokens_details?.cached_tokens ?? 0,
      usage?.completion_tokens,
      usage?.completion_tokens_details?.reasoning_tokens ?? 0,
    ],
  }
}

function messageOf(completion: ChatCompletion) {
  const [choice] = completion.choices
  if (!choice) throw new Error('The completion has no choice')
  return choice.message
}

function lastTurn(messages: readonly ChatMessage[]): ChatMessage | undefined {
  return messages.findLast(({ role }) => role === 'assistant')
}

function throughWhole(options: DialectSuiteOptions, completion: ChatCompletion): Gist {
  const answer = JSON.parse(JSON.stringify(options.client.readRequest(options.body).whole(completion)))
  return gist(collected(readerOf(options).whole(answer)))
}

function throughStream(
  options: DialectSuiteOptions,
  chunks: readonly ChatCompletionChunk[],
  { heartbeats = false } = {},
): Gist {
  const encoder = encoderOf(options)
  const beat = () => (heartbeats ? encoder.heartbeat() : '')
  const frames = beat() + chunks.map((chunk) => encoder.chunk(chunk) + beat()).join('') + encoder.end()
  return gist(collected(readFrames(options, frames)))
}

function encoderOf(options: DialectSuiteOptions): AnswerEncoder {
  return options.client.readRequest(options.body).encoder()
}

function readerOf(options: DialectSuiteOptions): AnswerReader {
  return options.upstream.writeRequest(asked).reader()
}

const asked: ChatCompletionRequest = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }

function readFrames(options: DialectSuiteOptions, frames: string): ChatCompletionChunk[] {
  const reader = readerOf(options)
  const chunks = eventsOf(frames).flatMap((event) => [...reader.push(event)])
  return [...chunks, ...reader.end()]
}

/** Every frame has to be whole: an event's name and its data on one line each, and an empty line. */
function eventsOf(frames: string): { type: string }[] {
  expect(frames === '' || frames.endsWith('\n\n')).toBe(true)
  return frames
    .split('\n\n')
    .slice(0, -1)
    .map((frame) => {
      const { type, data } = /^event: (?<type>[^\n]+)\ndata: (?<data>[^\n]+)$/.exec(frame)?.groups ?? {}
      const event: { type: string } = JSON.parse(data ?? '')
      expect(event.type).toBe(type)
      return event
    })
}

function collected(chunks: readonly ChatCompletionChunk[]): ChatCompletion {
  const canonical = canonicalChunks(asked)
  const collector = new Collector()
  for (const chunk of chunks) for (const repaired of canonical.push(chunk)) collector.push(repaired)
  for (const chunk of canonical.end('stop')) collector.push(chunk)
  return collector.completion()
}

function chunksOf(deltas: readonly Delta[], finish_reason: 'stop' | 'tool_calls' = 'stop'): GeneratedAnswer['chunks'] {
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' } as const
  return [
    { ...head, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
    ...deltas.map((delta) => ({ ...head, choices: [{ index: 0, delta, finish_reason: null }] })),
    { ...head, choices: [{ index: 0, delta: {}, finish_reason }] },
    { ...head, choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
  ]
}
