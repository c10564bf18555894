import { type Call, credential, memoryState } from '@dragoman/core'
import { errorReply, eventStream, handClock, jsonReply, type Reply, startFakeUpstream } from '@dragoman/testkit'
import { type AnthropicOptions, anthropic } from './index.ts'
import { faultOf, faultOfCount, signatureOf } from './test-faults.ts'

export const now = Date.UTC(2026, 10, 21, 12)

/** Anthropic as it is documented: strict about headers, about fields, and about the form of a conversation. */
export async function startAnthropic(options: AnthropicOptions = {}) {
  const upstream = await startFakeUpstream()
  const replies: Reply[] = []
  upstream.always((request) => {
    const { method, path, headers } = request
    if (headers['x-api-key'] !== 'the-key' || headers.authorization !== undefined) {
      return error(401, 'authentication_error', 'invalid x-api-key')
    }
    if (!/^\d{4}-\d\d-\d\d$/.test(String(headers['anthropic-version']))) {
      return error(400, 'invalid_request_error', 'anthropic-version: header is required')
    }
    const counts = path === '/v1/messages/count_tokens'
    if (method === 'POST' && (path === '/v1/messages' || counts)) {
      const fault = counts ? faultOfCount(request.json) : faultOf(request.json)
      if (fault !== undefined) return error(400, 'invalid_request_error', fault)
    } else if (method !== 'GET' || !path.startsWith('/v1/models')) return error(404, 'not_found_error', path)
    return replies.shift() ?? error(500, 'api_error', 'nothing was scripted')
  })
  const clock = handClock(now)
  const provider = anthropic.create({ baseUrl: upstream.origin, ...options }, { clock })
  const call: Call = {
    credential: credential({ apiKey: 'the-key' }),
    signal: new AbortController().signal,
    state: memoryState({ clock }),
  }
  return {
    upstream,
    provider,
    call,
    clock,
    /** What it answers, one after the other. */
    script: (...more: readonly Reply[]) => void replies.push(...more),
    sent: async (count = 1) => (await upstream.received(count)).json,
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

export function error(status: number, type: string, message: string): Reply {
  return errorReply(status, { type: 'error', error: { type, message }, request_id: 'req_1' })
}

/** Blocks of an answer, each streamed in two pieces. */
export type FakeBlock =
  | { readonly thinking: string }
  | { readonly text: string }
  | { readonly id: string; readonly name: string; readonly input: object }

export function answer(blocks: readonly FakeBlock[], stopReason?: string): Reply {
  const event = (type: string, more: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
  const usage = { input_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-1', content: [], usage }
  const calls = blocks.some((block) => 'input' in block)
  return eventStream([
    event('message_start', { message: { ...message, stop_reason: null, stop_sequence: null } }),
    event('ping', {}),
    ...blocks.flatMap((block, index) => {
      const delta = (of: object) => event('content_block_delta', { index, delta: of })
      const start = (content_block: object) => event('content_block_start', { index, content_block })
      const stop = event('content_block_stop', { index })
      if ('text' in block) {
        const deltas = halves(block.text).map((text) => delta({ type: 'text_delta', text }))
        return [start({ type: 'text', text: '' }), ...deltas, stop]
      }
      if ('thinking' in block) {
        const deltas = halves(block.thinking).map((thinking) => delta({ type: 'thinking_delta', thinking }))
        const signature = delta({ type: 'signature_delta', signature: signatureOf(block.thinking) })
        return [start({ type: 'thinking', thinking: '', signature: '' }), ...deltas, signature, stop]
      }
      const { id, name, input } = block
      const deltas = halves(JSON.stringify(input)).map((partial_json) =>
        delta({ type: 'input_json_delta', partial_json }),
      )
      return [start({ type: 'tool_use', id, name, input: {} }), ...deltas, stop]
    }),
    event('message_delta', {
      delta: { stop_reason: stopReason ?? (calls ? 'tool_use' : 'end_turn'), stop_sequence: null },
      usage: { output_tokens: 7 },
    }),
    event('message_stop', {}),
  ])
}

function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2)
  return [text.slice(0, middle), text.slice(middle)]
}

export function models(ids: readonly string[], more: object = {}): Reply {
  const data = ids.map((id) => ({
    type: 'model',
    id,
    display_name: id.toUpperCase(),
    created_at: '2026-07-24T00:00:00Z',
  }))
  return jsonReply({ data, has_more: false, first_id: ids[0], last_id: ids.at(-1), ...more })
}
