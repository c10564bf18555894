import { type Exchange, eventStream, type FakeAnswer, jsonReply, type Reply, wholeAnswer } from '@dragoman/testkit'

/** The answer as Anthropic gives it: whole, or as events with their names. */
export function anthropicReply(answer: FakeAnswer): (request: Exchange) => Reply {
  return ({ json }) => {
    const { content, ...message } = messageOf(answer, json.thinking !== undefined)
    return json.stream === true ? eventStream(eventsOf(content, message)) : jsonReply({ ...message, content })
  }
}

interface Block {
  readonly type: string
  readonly [field: string]: unknown
}

function messageOf(answer: FakeAnswer, showsThinking: boolean) {
  const { choices, usage } = wholeAnswer(answer)
  const { content, reasoning_content, tool_calls = [] } = choices[0]?.message ?? {}
  const thinking: Block = { type: 'thinking', thinking: reasoning_content, signature: 'EqQBSignatureOfTheFake' }
  const calls = tool_calls.flatMap((call): Block[] => {
    if (call.type !== 'function') return []
    const { name, arguments: given } = call.function
    return [{ type: 'tool_use', id: `toolu_${call.id}`, name, input: JSON.parse(given) }]
  })
  return {
    id: 'msg_fake',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-5',
    content: [
      ...(reasoning_content && showsThinking ? [thinking] : []),
      ...(content ? [{ type: 'text', text: content, citations: null }] : []),
      ...calls,
    ],
    stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: usage?.prompt_tokens ?? 1, output_tokens: usage?.completion_tokens ?? 1 },
  }
}

function eventsOf(content: readonly Block[], message: Omit<ReturnType<typeof messageOf>, 'content'>): string[] {
  const { stop_reason, stop_sequence, usage } = message
  const start = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } }
  return [
    event({ type: 'message_start', message: start }),
    event({ type: 'ping' }),
    ...content.flatMap(blockEvents),
    event({ type: 'message_delta', delta: { stop_reason, stop_sequence }, usage }),
    event({ type: 'message_stop' }),
  ]
}

function blockEvents(block: Block, index: number): string[] {
  const { type, text, thinking, signature, input, ...rest } = block
  const empty = { text: { text: '' }, thinking: { thinking: '', signature: '' }, tool_use: { input: {} } }[type]
  const delta = (fields: object) => event({ type: 'content_block_delta', index, delta: fields })
  const pieces = (whole: unknown) => String(whole).match(/[\s\S]{1,6}/g) ?? []
  return [
    event({ type: 'content_block_start', index, content_block: { type, ...rest, ...empty } }),
    ...(type === 'text' ? pieces(text).map((piece) => delta({ type: 'text_delta', text: piece })) : []),
    ...(type === 'thinking' ? pieces(thinking).map((piece) => delta({ type: 'thinking_delta', thinking: piece })) : []),
    ...(type === 'thinking' ? [delta({ type: 'signature_delta', signature })] : []),
    ...(type === 'tool_use'
      ? pieces(JSON.stringify(input)).map((piece) => delta({ type: 'input_json_delta', partial_json: piece }))
      : []),
    event({ type: 'content_block_stop', index }),
  ]
}

function event(data: Block): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}
