import { chatStream, type FakeAnswer } from '../../packages/testkit/src/chat-replies.ts'
import type { Reply } from '../../packages/testkit/src/reply.ts'

/** How a service writes what its model means. */
export interface Wording {
  readonly id: 'chat' | 'kimi-markup'
  /** The model's name at the upstream. */
  readonly model: string
  /** Options of the provider, besides its address. */
  readonly options: Readonly<Record<string, unknown>>
  /** @param index counts all calls of a conversation */
  callId(name: string, index: number): string
  reply(answer: FakeAnswer): Reply
}

/** As OpenAI does, so that clients that speak it get the very bytes. */
const chat: Wording = {
  id: 'chat',
  model: 'upstream-model',
  options: { conformant: true },
  callId: (_name, index) => `call_${index}`,
  reply: (answer) => chatStream(inPieces(answer)),
}

/** As an engine without a parser gives what Kimi K2 Thinking writes: all of it is text. */
const kimiMarkup: Wording = {
  id: 'kimi-markup',
  model: 'moonshotai/Kimi-K2-Thinking',
  options: {},
  callId: (name, index) => `functions.${name}:${index}`,
  reply: ({ reasoning, text, toolCalls = [], usage }) => {
    const calls = toolCalls.map(
      (call) =>
        `<|tool_call_begin|>${call.id}<|tool_call_argument_begin|>${JSON.stringify(call.arguments)}<|tool_call_end|>`,
    )
    const section = calls.length > 0 ? `<|tool_calls_section_begin|>${calls.join('')}<|tool_calls_section_end|>` : ''
    // The chat template opens the reasoning, so the text begins inside it.
    const whole = `${joined(reasoning)}</think>${joined(text)}${section}`
    return chatStream({ text: pieces(whole), finish: 'stop', usage })
  },
}

export const wordings: readonly Wording[] = [chat, kimiMarkup]

/** Arguments in pieces, as they come from a model. */
function inPieces(answer: FakeAnswer): FakeAnswer {
  const toolCalls = answer.toolCalls?.map((call) => ({ ...call, arguments: pieces(JSON.stringify(call.arguments)) }))
  return { ...answer, toolCalls }
}

/** Cut where it falls, but for surrogate pairs. */
const pieces = (text: string): string[] => text.match(/.{1,7}/gsu) ?? []

const joined = (text: string | readonly string[] = []): string => (typeof text === 'string' ? text : text.join(''))
