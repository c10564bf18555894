import { randomUUID } from 'node:crypto'
import { chatStream, errorReply, type FakeAnswer } from '../../packages/testkit/src/chat-replies.ts'
import type { Exchange } from '../../packages/testkit/src/exchange.ts'
import { type Reply, reset, type Step } from '../../packages/testkit/src/reply.ts'
import { requestProblems } from './request-problems.ts'
import { joined, pieces, type ReadRequest, type Wording } from './wording.ts'

/** As OpenAI does, so that clients that speak it get the very bytes. */
export const chat: Wording = {
  id: 'chat',
  model: 'upstream-model',
  provider: (origin, key) => ({ ...compatible(origin, key), conformant: true }),
  read,
  callId: (_name, index) => `call_${index}`,
  reply: (answer) => chatStream({ id: `chatcmpl-${randomUUID()}`, ...inPieces(answer) }),
}

/** The same on a bad day. Agents ask again where the gateway itself must not. */
export const chatInTrouble: Wording = {
  ...chat,
  id: 'chat-in-trouble',
  trouble(n, whole) {
    if (n === 1) return errorReply(429, 'Slow down', { 'retry-after': '1' })
    if (n === 3) return { ...whole, body: [...steps(whole).slice(0, -6), reset()] }
    if (n === 5) return errorReply(503, 'Overloaded')
    return undefined
  },
}

/** As an engine without a parser gives what Kimi K2 Thinking writes: all of it is text, and all answers have one id. */
export const kimiMarkup: Wording = {
  id: 'kimi-markup',
  model: 'moonshotai/Kimi-K2-Thinking',
  provider: compatible,
  read,
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

function compatible(origin: string, apiKey: string) {
  return { type: 'openai-compatible', baseUrl: `${origin}/v1`, credentials: [{ apiKey }] }
}

function read({ json, headers }: Exchange, key: string): ReadRequest {
  const problems = requestProblems(json)
  if (headers.authorization !== `Bearer ${key}`) problems.push('the key of the upstream is not there')
  return { request: json, problems, isReasoning: true }
}

const steps = ({ body }: Reply) => (Array.isArray(body) ? (body as readonly Step[]) : [])

/** Arguments in pieces, as they come from a model. */
function inPieces(answer: FakeAnswer): FakeAnswer {
  const toolCalls = answer.toolCalls?.map((call) => ({ ...call, arguments: pieces(JSON.stringify(call.arguments)) }))
  return { ...answer, toolCalls }
}
