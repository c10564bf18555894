import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatMessage,
  ContentPart,
  Delta,
  FinishReason,
  FunctionTool,
  FunctionToolCall,
} from '@dragoman/openai-schema'
import fc from 'fast-check'

/** The same answer whole and as a stream, in pieces of any length. */
export interface GeneratedAnswer {
  readonly completion: ChatCompletion
  readonly chunks: readonly ChatCompletionChunk[]
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
/** A text that is not only white space. */
const words = text.map((said) => `${said}.`)
const name = fc.stringMatching(/^[a-z][a-z_]{0,20}$/)
/** Kimi's ids are the ones that other services refuse. */
const callId = fc.oneof(fc.stringMatching(/^call_[a-zA-Z0-9]{8}$/), fc.stringMatching(/^functions\.[a-z]{1,8}:[0-9]$/))
const json = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,6}$/),
  fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)),
  {
    maxKeys: 4,
  },
)

const call: fc.Arbitrary<FunctionToolCall> = fc
  .record({ id: callId, name, given: json })
  .map(({ id, name, given }) => ({ id, type: 'function', function: { name, arguments: JSON.stringify(given) } }))
const calls = fc.uniqueArray(call, { maxLength: 3, selector: ({ id }) => id })

const usage = fc
  .tuple(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 1000 }), fc.nat(1000))
  .map(([uncached, cached, answer, reasoning]) => ({
    prompt_tokens: uncached + cached,
    completion_tokens: answer + reasoning,
    total_tokens: uncached + cached + answer + reasoning,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }))

/** An answer in one choice, with at least a text or a call. */
export const generatedAnswer: fc.Arbitrary<GeneratedAnswer> = fc
  .record({
    content: fc.option(words, { nil: undefined }),
    reasoning: fc.option(words, { nil: undefined }),
    calls,
    ended: fc.constantFrom('stop' as const, 'length' as const, 'content_filter' as const),
    usage,
    cuts: fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
  })
  .filter(({ content, calls }) => content !== undefined || calls.length > 0)
  .map(({ content, reasoning, calls, ended, usage, cuts }): GeneratedAnswer => {
    const finish_reason: FinishReason = calls.length > 0 ? 'tool_calls' : ended
    const head = { id: 'chatcmpl-1', created: 1, model: 'm' }
    const chunk = (delta: Delta): ChatCompletionChunk => ({
      ...head,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: null }],
    })
    const completion: ChatCompletion = {
      ...head,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: content ?? null,
            refusal: null,
            ...(reasoning !== undefined && { reasoning_content: reasoning }),
            ...(calls.length > 0 && { tool_calls: calls }),
          },
          logprobs: null,
          finish_reason,
        },
      ],
      usage,
    }
    const chunks = [
      chunk({ role: 'assistant', content: '' }),
      ...pieces(reasoning, cuts).map((piece) => chunk({ reasoning_content: piece })),
      ...pieces(content, cuts).map((piece) => chunk({ content: piece })),
      ...calls.flatMap(({ id, type, function: { name, arguments: given } }, index) => [
        chunk({ tool_calls: [{ index, id, type, function: { name, arguments: '' } }] }),
        ...pieces(given, cuts).map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
      ]),
      { ...chunk({}), choices: [{ index: 0, delta: {}, finish_reason }] },
      { ...chunk({}), choices: [], usage },
    ]
    return { completion, chunks }
  })

/** Between code units, also inside surrogate pairs, as a decoder of tokens may cut. */
function pieces(whole: string | undefined, cuts: Iterator<number>): string[] {
  const found: string[] = []
  for (let at = 0; whole !== undefined && at < whole.length; ) {
    const length: number = cuts.next().value ?? 1
    found.push(whole.slice(at, at + length))
    at += length
  }
  return found
}

const image = fc.constantFrom('data:image/png;base64,iVBORw0KGgo=', 'https://example.com/a.png')
const userPart: fc.Arbitrary<ContentPart> = fc.oneof(
  words.map((said): ContentPart => ({ type: 'text', text: said })),
  image.map((url): ContentPart => ({ type: 'image_url', image_url: { url } })),
)
const userMessage: fc.Arbitrary<ChatMessage> = fc
  .oneof(words, fc.array(userPart, { minLength: 2, maxLength: 4 }))
  .map((content) => ({ role: 'user', content }))

/** A turn of the assistant, with a result for each of its calls, and the user's next words. */
const exchange: fc.Arbitrary<ChatMessage[]> = fc
  .record({
    content: fc.option(words, { nil: null }),
    calls,
    results: fc.tuple(words, words, words),
    next: userMessage,
  })
  .filter(({ content, calls }) => content !== null || calls.length > 0)
  .map(({ content, calls, results, next }): ChatMessage[] => [
    { role: 'assistant', content, ...(calls.length > 0 && { tool_calls: calls }) },
    ...calls.map(({ id }, i): ChatMessage => ({ role: 'tool', tool_call_id: id, content: results[i] ?? '' })),
    next,
  ])

const tool: fc.Arbitrary<FunctionTool> = fc
  .record({
    name,
    description: fc.option(words, { nil: undefined }),
    strict: fc.option(fc.boolean(), { nil: undefined }),
  })
  .map(({ name, description, strict }): FunctionTool => {
    const parameters = { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] }
    return {
      type: 'function',
      function: {
        name,
        parameters,
        ...(description !== undefined && { description }),
        ...(strict !== undefined && { strict }),
      },
    }
  })

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

/** A conversation that any service understands. */
export const generatedRequest: fc.Arbitrary<ChatCompletionRequest> = fc
  .record({
    system: optional(words),
    first: userMessage,
    exchanges: fc.array(exchange, { maxLength: 3 }),
    tools: fc.uniqueArray(tool, { maxLength: 3, selector: (tool) => tool.function.name }),
    choice: optional(fc.constantFrom('auto', 'none', 'required')),
    parallel: optional(fc.constant(false)),
    limit: fc.integer({ min: 40_000, max: 64_000 }),
    temperature: optional(fc.constantFrom(0, 0.5, 1)),
    stop: optional(fc.array(words, { minLength: 1, maxLength: 3 })),
    effort: optional(fc.constantFrom('low', 'medium', 'high')),
    schema: optional(fc.constant({ type: 'object', properties: {}, additionalProperties: false })),
    user: optional(fc.stringMatching(/^[a-z0-9-]{1,30}$/)),
    stream: optional(fc.constant(true as const)),
  })
  .map(
    ({ system, first, exchanges, tools, choice, parallel, limit, temperature, stop, effort, schema, user, stream }) => {
      const hasTools = tools.length > 0
      return {
        model: 'm',
        messages: [
          ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
          first,
          ...exchanges.flat(),
        ],
        max_completion_tokens: limit,
        ...(hasTools && { tools }),
        ...(hasTools && choice !== undefined && { tool_choice: choice }),
        ...(hasTools && parallel !== undefined && choice !== 'none' && { parallel_tool_calls: parallel }),
        ...(temperature !== undefined && { temperature }),
        ...(stop !== undefined && { stop }),
        ...(effort !== undefined && { reasoning_effort: effort }),
        ...(schema !== undefined && {
          response_format: { type: 'json_schema' as const, json_schema: { name: 'output', schema } },
        }),
        ...(user !== undefined && { user }),
        ...(stream !== undefined && { stream }),
      }
    },
  )
