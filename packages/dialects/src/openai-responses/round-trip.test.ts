import { Collector, completionToChunks } from '@dragoman/core'
import type {
  AssistantMessage,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatMessage,
  ContentPart,
} from '@dragoman/openai-schema'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { framesOf, openSeal } from '../test-front.ts'
import { responsesClient } from './client.ts'
import { parsedFrames } from './test-frames.ts'
import { responsesUpstream } from './upstream.ts'

// What Chat Completions and Responses can both say. Text may be anything; names and ids are what OpenAI takes.

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,20}$/)
const json = fc
  .dictionary(name, fc.oneof(text, fc.integer(), fc.boolean()), { maxKeys: 3 })
  .map((value) => JSON.stringify(value))
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const part: fc.Arbitrary<ContentPart> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text }),
  fc.record({
    type: fc.constant('image_url' as const),
    image_url: fc.oneof(
      fc.record({ url: fc.webUrl() }),
      fc.record({ url: fc.webUrl(), detail: fc.constantFrom('low', 'high') }),
    ),
  }),
  fc.record({
    type: fc.constant('input_audio' as const),
    input_audio: fc.record({ data: fc.base64String(), format: fc.constantFrom('wav', 'mp3') }),
  }),
  fc.record({
    type: fc.constant('file' as const),
    file: fc.oneof(fc.record({ file_id: name }), fc.record({ file_data: fc.webUrl(), filename: name })),
  }),
)
const parts = fc
  .array(part, { minLength: 1, maxLength: 3 })
  // One part of text alone comes back as the text.
  .filter(([first, second]) => second !== undefined || first?.type !== 'text')

const plain: fc.Arbitrary<ChatMessage> = fc.record({
  role: fc.constantFrom('system' as const, 'developer' as const, 'user' as const),
  content: fc.oneof(text, parts),
})

/** A turn of the model with its results. */
const turn: fc.Arbitrary<ChatMessage[]> = fc
  .record({
    content: optional(text),
    refusal: optional(text),
    reasoning: fc.boolean(),
    calls: fc.array(fc.record({ name, arguments: json, result: text }), { maxLength: 3 }),
    turnId: fc.uuid(),
  })
  .filter(({ content, refusal, calls }) => Boolean(content || refusal || calls.length > 0))
  .map(({ content, refusal, reasoning, calls, turnId }) => {
    const assistant: AssistantMessage = { role: 'assistant', content: content ?? null }
    if (refusal) assistant.refusal = refusal
    if (reasoning) {
      const origin = { id: `rs_${turnId}`, format: 'openai-responses-v1' }
      assistant.reasoning_details = [
        { type: 'reasoning.summary', summary: 'S', index: 0, ...origin },
        { type: 'reasoning.encrypted', data: 'E', index: 1, ...origin },
      ]
    }
    const ids = calls.map((_, i) => `call_${i}_${turnId}`)
    if (calls.length > 0) {
      assistant.tool_calls = calls.map((call, i) => {
        return { id: ids[i] ?? '', type: 'function', function: { name: call.name, arguments: call.arguments } }
      })
    }
    const results = calls.map(({ result }, i): ChatMessage => {
      return { role: 'tool', tool_call_id: ids[i] ?? '', content: result }
    })
    return [assistant, ...results]
  })

const conversation = fc
  .array(fc.tuple(fc.array(plain, { minLength: 1, maxLength: 2 }), turn), { minLength: 1, maxLength: 3 })
  .map((rounds) => rounds.flatMap(([said, answered]) => [...said, ...answered]))

const request: fc.Arbitrary<ChatCompletionRequest> = fc
  .record(
    {
      model: name,
      messages: conversation,
      stream: fc.boolean(),
      max_completion_tokens: fc.nat(),
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      top_p: fc.double({ min: 0, max: 1, noNaN: true }),
      reasoning_effort: fc.constantFrom('minimal', 'high'),
      verbosity: fc.constantFrom('low', 'high'),
      user: text,
      service_tier: fc.constantFrom('auto', 'flex'),
      prompt_cache_key: text,
      response_format: fc.record({
        type: fc.constant('json_schema' as const),
        json_schema: fc.record({ name, schema: fc.constant({ type: 'object' }), strict: fc.boolean() }),
      }),
      tools: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }).map((names) =>
        names.map((tool) => ({
          type: 'function' as const,
          function: { name: tool, description: 'Does it', parameters: { type: 'object' }, strict: false },
        })),
      ),
    },
    { requiredKeys: ['model', 'messages'] },
  )
  .chain((made) =>
    made.tools
      ? fc
          .record({
            tool_choice: fc.constantFrom('auto' as const, 'required' as const),
            parallel_tool_calls: fc.boolean(),
          })
          .map((choice) => ({ ...made, ...choice }))
      : fc.constant(made),
  )

describe('a request', () => {
  test('that both can say is the same after having been the other', () => {
    fc.assert(
      fc.property(request, (chat) => {
        const { body, dropped } = responsesUpstream.writeRequest(chat)
        const read = responsesClient.readRequest(JSON.parse(JSON.stringify(body)))
        expect(dropped).toEqual([])
        expect(read.dropped).toEqual([])
        expect(read.chat).toEqual({ ...chat, messages: chat.messages.map(withoutDetails) })
      }),
    )
  })

  test('brings the reasoning of an upstream back as it was, before what it led to', () => {
    fc.assert(
      fc.property(turn, (messages) => {
        const { body } = responsesUpstream.writeRequest({ model: 'm', messages })
        const reasoning = (body.input as { type: string }[]).map((item, i) =>
          item.type === 'reasoning' ? [i, item] : undefined,
        )
        const [first] = messages
        const details = first?.role === 'assistant' ? first.reasoning_details : undefined
        expect(reasoning.filter(Boolean)).toEqual(
          details
            ? [
                [
                  0,
                  {
                    type: 'reasoning',
                    id: details[0]?.id,
                    summary: [{ type: 'summary_text', text: 'S' }],
                    encrypted_content: 'E',
                  },
                ],
              ]
            : [],
        )
      }),
    )
  })
})

function withoutDetails(message: ChatMessage): ChatMessage {
  if (message.role !== 'assistant') return message
  // An opaque value of somebody else is not opened by the side for clients; its summary is text.
  const { reasoning_details, ...rest } = message
  return reasoning_details ? { ...rest, reasoning_content: 'S' } : rest
}

const completion: fc.Arbitrary<ChatCompletion> = fc
  .record({
    content: optional(text),
    refusal: optional(text),
    reasoning: optional(text),
    citations: fc.array(fc.record({ url: fc.webUrl(), title: text, start_index: fc.nat(), end_index: fc.nat() }), {
      maxLength: 2,
    }),
    calls: fc.array(fc.record({ name, arguments: json }), { maxLength: 3 }),
    finish: fc.constantFrom('stop' as const, 'length' as const, 'content_filter' as const),
    usage: fc.record({ input: fc.nat(), output: fc.nat(), cached: fc.nat(), written: fc.nat(), thought: fc.nat() }),
  })
  .map(({ content, refusal, reasoning, citations, calls, finish, usage }): ChatCompletion => {
    const tool_calls = calls.map((call, i) => ({ id: `call_${i}`, type: 'function' as const, function: call }))
    return {
      id: 'resp',
      object: 'chat.completion',
      created: 7,
      model: 'm',
      choices: [
        {
          index: 0,
          logprobs: null,
          finish_reason: finish === 'stop' && calls.length > 0 ? 'tool_calls' : finish,
          message: {
            role: 'assistant',
            content: content ?? (calls.length > 0 || refusal ? null : ''),
            refusal: refusal ?? null,
            ...(reasoning !== undefined && { reasoning_content: reasoning }),
            ...(content !== undefined &&
              citations.length > 0 && {
                annotations: citations.map((url_citation) => ({ type: 'url_citation' as const, url_citation })),
              }),
            ...(calls.length > 0 && { tool_calls }),
          },
        },
      ],
      usage: {
        prompt_tokens: usage.input,
        completion_tokens: usage.output,
        total_tokens: usage.input + usage.output,
        prompt_tokens_details: { cached_tokens: usage.cached, cache_write_tokens: usage.written },
        completion_tokens_details: { reasoning_tokens: usage.thought },
      },
    }
  })

const newReader = () =>
  responsesUpstream.writeRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }).reader()
const read = () => responsesClient.readRequest({ model: 'm', input: 'Hi' }, { seal: openSeal })

function collected(chunks: readonly ChatCompletionChunk[]): ChatCompletion {
  const collector = new Collector()
  for (const chunk of chunks) collector.push(chunk)
  return { ...collector.completion(), id: 'resp' }
}

/** The same answer in pieces of `size`. */
function cut(whole: ChatCompletion, size: number): ChatCompletionChunk[] {
  return completionToChunks(whole).flatMap((chunk) => {
    const [choice] = chunk.choices
    if (!choice?.delta.role) return [chunk]
    const { role, content, refusal, reasoning_content, tool_calls, ...rest } = choice.delta
    const piecesOf = (value: string | null | undefined) => value?.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    const deltas = [
      { role, content: '' },
      ...piecesOf(reasoning_content).map((piece) => ({ reasoning_content: piece })),
      ...piecesOf(content).map((piece) => ({ content: piece })),
      rest,
      ...piecesOf(refusal).map((piece) => ({ refusal: piece })),
      ...(tool_calls ?? []).flatMap((call) => [
        { tool_calls: [{ ...call, function: { name: call.function?.name, arguments: '' } }] },
        ...piecesOf(call.function?.arguments).map((piece) => ({
          tool_calls: [{ index: call.index, function: { arguments: piece } }],
        })),
      ]),
    ]
    return deltas.map((delta) => ({ ...chunk, choices: [{ ...choice, delta }] }))
  })
}

describe('an answer', () => {
  test('is the same after having been events, in pieces of any size', () => {
    fc.assert(
      fc.property(completion, fc.integer({ min: 1, max: 7 }), (answer, size) => {
        const reader = newReader()
        const events = parsedFrames(framesOf(read().encoder(), cut(answer, size)))
        const chunks = [...events.flatMap(({ data }) => reader.push(data)), ...reader.end()]
        expect(collected(chunks)).toEqual(answer)
      }),
    )
  })

  test('is the same after having been one object', () => {
    fc.assert(
      fc.property(completion, (answer) => {
        expect(collected(newReader().whole(read().whole(answer)))).toEqual(answer)
      }),
    )
  })
})
