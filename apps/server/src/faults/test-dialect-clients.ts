import { expect } from 'vitest'
import {
  readChat,
  readMessage,
  readResponse,
  type SeenAnswer,
  type SeenCall,
  type SeenError,
} from './test-dialect-answers.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies and frames of tests are read freely; a wrong path is a failing test.
type Json = any

export interface DialectClient {
  readonly dialect: 'chat' | 'responses' | 'messages'
  readonly path: string
  /** A request that asks for a stream, with a tool `get_weather`. */
  ask(fields?: Record<string, unknown>): Record<string, unknown>
  /** Reads a stream and demands that it is a clean one by the dialect's grammar, with nothing behind its end. */
  read(text: string): SeenAnswer
  /** Text and calls of a whole answer. */
  readWhole(json: Json): { content: string; calls: Pick<SeenCall, 'id' | 'name' | 'arguments'>[] }
  /** Demands that the body is an error as this dialect has them, and gives it. */
  readError(json: Json): SeenError & { readonly param?: string | null }
  /** What the next request of the conversation holds: the calls as the client saw them, and their results. */
  next(calls: readonly SeenCall[], results: readonly string[]): Record<string, unknown>
}

const question = 'The weather?'
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

export const chatClient: DialectClient = {
  dialect: 'chat',
  path: '/v1/chat/completions',
  ask: (fields) => ({
    model: 'm',
    stream: true,
    messages: [{ role: 'user', content: question }],
    tools: [{ type: 'function', function: { name: 'get_weather', parameters } }],
    ...fields,
  }),
  read: readChat,
  readWhole({ choices: [{ message }] }) {
    const calls = (message.tool_calls ?? []) as { id: string; function: { name: string; arguments: string } }[]
    return { content: message.content ?? '', calls: calls.map(({ id, function: called }) => ({ id, ...called })) }
  },
  readError: openaiError,
  next: (calls, results) => ({
    messages: [
      { role: 'user', content: question },
      {
        role: 'assistant',
        content: null,
        tool_calls: calls.map(({ id, name, arguments: text }) => ({
          id,
          type: 'function',
          function: { name, arguments: text },
        })),
      },
      ...calls.map(({ id }, i) => ({ role: 'tool', tool_call_id: id, content: results[i] })),
    ],
  }),
}

export const responsesClient: DialectClient = {
  dialect: 'responses',
  path: '/v1/responses',
  ask: (fields) => ({
    model: 'm',
    stream: true,
    store: false,
    input: question,
    tools: [{ type: 'function', name: 'get_weather', parameters }],
    ...fields,
  }),
  read: readResponse,
  readWhole({ output }) {
    const items = output as Json[]
    const texts = items.flatMap(({ content }) => content ?? []).map(({ text }) => text ?? '')
    const calls = items.filter(({ type }) => type === 'function_call')
    return {
      content: texts.join(''),
      calls: calls.map(({ call_id, name, arguments: text }) => ({ id: call_id, name, arguments: text })),
    }
  },
  readError: openaiError,
  next: (calls, results) => ({
    input: [
      { role: 'user', content: question },
      ...calls.map(({ id, name, arguments: text }) => ({ type: 'function_call', call_id: id, name, arguments: text })),
      ...calls.map(({ id }, i) => ({ type: 'function_call_output', call_id: id, output: results[i] })),
    ],
  }),
}

export const messagesClient: DialectClient = {
  dialect: 'messages',
  path: '/v1/messages',
  ask: (fields) => ({
    model: 'm',
    stream: true,
    max_tokens: 100,
    messages: [{ role: 'user', content: question }],
    tools: [{ name: 'get_weather', input_schema: parameters }],
    ...fields,
  }),
  read: readMessage,
  readWhole({ content }) {
    const blocks = content as Json[]
    const calls = blocks.filter(({ type }) => type === 'tool_use')
    return {
      content: blocks.map(({ text }) => text ?? '').join(''),
      calls: calls.map(({ id, name, input }) => ({ id, name, arguments: JSON.stringify(input) })),
    }
  },
  readError(json) {
    expect(json).toEqual({
      type: 'error',
      error: { type: expect.any(String), message: expect.any(String) },
      request_id: expect.stringMatching(/^req_/),
    })
    return json.error
  },
  next: (calls, results) => ({
    messages: [
      { role: 'user', content: question },
      {
        role: 'assistant',
        content: calls.map(({ id, name, arguments: text }) => ({
          type: 'tool_use',
          id,
          name,
          input: JSON.parse(text || '{}'),
        })),
      },
      {
        role: 'user',
        content: calls.map(({ id }, i) => ({ type: 'tool_result', tool_use_id: id, content: results[i] })),
      },
    ],
  }),
}

export const clients = [chatClient, responsesClient, messagesClient] as const

function openaiError(json: Json): SeenError & { readonly param?: string | null } {
  expect(Object.keys(json)).toEqual(['error'])
  expect(Object.keys(json.error).sort()).toEqual(['code', 'message', 'param', 'type'])
  expect(json.error).toMatchObject({ message: expect.any(String), type: expect.any(String) })
  return json.error
}
