import { randomUUID } from 'node:crypto'
import { faultOf, signatureOf } from '../../packages/provider-anthropic/src/test-faults.ts'
import { eventStream } from '../../packages/testkit/src/chat-replies.ts'
import type { ChatRequest } from './request-problems.ts'
import { joined, pieces, type Wording } from './wording.ts'

/** As Anthropic does. Claude Code gets the very bytes. */
export const messages: Wording = {
  id: 'messages',
  model: 'claude-sonnet-4-6',
  provider: (origin, apiKey) => ({ type: 'anthropic', baseUrl: origin, credentials: [{ apiKey }] }),
  callId: (_name, index) => `toolu_${index}`,
  read({ json, headers }, key) {
    const problems = faults(json, String(headers['anthropic-beta'] ?? ''))
    if (headers['x-api-key'] !== key) problems.push('the key of the upstream is not there')
    const { thinking } = json as MessagesRequest
    return { request: inChatWords(json), problems, isReasoning: thinking !== undefined && thinking.type !== 'disabled' }
  },
  reply({ reasoning, text, toolCalls = [], usage }) {
    const thinking = joined(reasoning)
    const blocks = [
      ...(thinking ? [thinkingBlock(thinking)] : []),
      ...(text ? [textBlock(joined(text))] : []),
      ...toolCalls.map(({ id, name, arguments: input }) => callBlock({ type: 'tool_use', id, name }, input)),
    ]
    const counts = { input_tokens: usage?.prompt_tokens ?? 0, output_tokens: 1 }
    const message = { id: `msg_${randomUUID()}`, type: 'message', role: 'assistant', model: 'claude-sonnet-4-6' }
    const stop_reason = toolCalls.length > 0 ? 'tool_use' : 'end_turn'
    return eventStream([
      event('message_start', {
        message: { ...message, content: [], stop_reason: null, stop_sequence: null, usage: counts },
      }),
      event('ping', {}),
      ...blocks.flatMap(({ content_block, deltas }, index) => [
        event('content_block_start', { index, content_block }),
        ...deltas.map((delta) => event('content_block_delta', { index, delta })),
        event('content_block_stop', { index }),
      ]),
      event('message_delta', {
        delta: { stop_reason, stop_sequence: null },
        usage: { output_tokens: usage?.completion_tokens ?? 1 },
      }),
      event('message_stop', {}),
    ])
  },
}

interface MessagesRequest {
  readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[]
  readonly tools?: readonly { readonly name: string; readonly input_schema?: unknown }[]
  readonly thinking?: { readonly type: string }
}

interface Block {
  readonly type: string
  readonly text?: string
  readonly thinking?: string
  readonly id?: string
  readonly name?: string
  readonly input?: unknown
  readonly tool_use_id?: string
  readonly content?: unknown
}

/** What Claude Code brings the names of betas for is taken out before the rest is looked at. */
function faults(body: object, betas: string): string[] {
  const { context_management, messages: all, ...rest } = body as MessagesRequest & { context_management?: unknown }
  const isManaged = context_management === undefined || betas.includes('context-management')
  const told = betas.includes('mid-conversation') ? all.filter(({ role }) => role !== 'system') : all
  const fault = faultOf({ ...rest, messages: told } as Parameters<typeof faultOf>[0])
  return [...(isManaged ? [] : ['context_management without its beta']), ...(fault === undefined ? [] : [fault])]
}

function inChatWords({ messages: turns, tools }: MessagesRequest): ChatRequest {
  return {
    messages: turns.flatMap(({ role, content }): ChatRequest['messages'] => {
      const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
      const of = (type: string) => blocks.filter((block) => block.type === type)
      if (role !== 'assistant') {
        const results = of('tool_result').map(({ tool_use_id = '', content: result }) => {
          return { role: 'tool', tool_call_id: tool_use_id, content: result }
        })
        return [...results, ...of('text').map(({ text }) => ({ role, content: text }))]
      }
      const calls = of('tool_use').map(({ id = '', name = '', input }) => {
        return { id, function: { name, arguments: JSON.stringify(input) } }
      })
      const reasoning_content = joined(of('thinking').map(({ thinking = '' }) => thinking))
      return [{ role, content: joined(of('text').map(({ text = '' }) => text)), reasoning_content, tool_calls: calls }]
    }),
    ...(tools && {
      tools: tools.map(({ name, input_schema }) => ({
        type: 'function',
        function: { name, parameters: input_schema },
      })),
    }),
  }
}

function thinkingBlock(text: string) {
  const deltas = pieces(text).map((thinking): object => ({ type: 'thinking_delta', thinking }))
  const signature = { type: 'signature_delta', signature: signatureOf(text) }
  return { content_block: { type: 'thinking', thinking: '', signature: '' }, deltas: [...deltas, signature] }
}

function textBlock(whole: string) {
  const deltas = pieces(whole).map((text): object => ({ type: 'text_delta', text }))
  return { content_block: { type: 'text', text: '' }, deltas }
}

function callBlock(call: object, input: unknown) {
  const deltas = pieces(JSON.stringify(input)).map((partial_json): object => ({
    type: 'input_json_delta',
    partial_json,
  }))
  return { content_block: { ...call, input: {} }, deltas }
}

const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
