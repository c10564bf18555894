import { type Clock, credential, type Provider } from '@dragoman/core'
import { type ProviderEntry, staticCredentials } from '@dragoman/gateway'
import { anthropic } from '@dragoman/provider-anthropic'
import { kimi } from '@dragoman/provider-kimi'
import { vertex } from '@dragoman/provider-vertex'
import { zai } from '@dragoman/provider-zai'
import { chatChunks, type Exchange, eventStream, jsonReply, type Reply, sse, tokens } from '@dragoman/testkit'
import { named } from './test-dialect-upstreams.ts'

// Models that think before they call tools, each as strict about the reasoning of earlier turns as its service is. Each
// answers every request with one more call.

// biome-ignore lint/suspicious/noExplicitAny: requests are read freely; a wrong path is a refusal, and so a failing test.
type Json = any

export interface Family {
  readonly name: string
  readonly model: string
  /** Where its requests arrive. */
  readonly path: string
  entry(origin: string, clock: Clock): ProviderEntry
  /** For the nth request that it takes, from 1. */
  reply(request: Exchange, n: number): Reply
  /** What it thinks in the nth answer. */
  thought(n: number): string
}

const tool = 'get_weather'
const city = '{"city":"Oslo"}'

function entryOf(id: string, provider: Provider, values: Record<string, string>): ProviderEntry {
  return { id, provider, credentials: staticCredentials([{ ...credential(values), id: `key of ${id}` }]) }
}

/** Claude by one provider. Signatures of the other one are foreign to it. */
function claudeFamily(name: string, base: string): Family {
  const thought = (n: number) => `${name} thinks, ${n}.`
  return {
    name,
    model: 'claude-sonnet-4-5',
    path: `${base}/v1/messages`,
    thought,
    entry(origin, clock) {
      const provider = anthropic.create(anthropic.options.parse({ baseUrl: origin + base }), { clock })
      return entryOf(name, provider, { apiKey: 'sk-ant-test' })
    },
    reply({ json }, n) {
      const message = refusedByClaude(json, (at) => ({ thinking: thought(at), signature: `sig-${name}-${at}` }))
      if (message) {
        return jsonReply({ type: 'error', error: { type: 'invalid_request_error', message }, request_id: 'req_1' }, 400)
      }
      const thinking = { type: 'thinking', thinking: thought(n), signature: `sig-${name}-${n}` }
      const use = { type: 'tool_use', id: `toolu_${name}_${n}`, name: tool, input: JSON.parse(city) }
      const content = json.thinking?.type === 'enabled' ? [thinking, use] : [use]
      const head = { id: `msg_${n}`, type: 'message', role: 'assistant', model: 'claude', stop_sequence: null }
      const usage = { input_tokens: 1, output_tokens: 2 }
      if (!json.stream) return jsonReply({ ...head, content, stop_reason: 'tool_use', usage })
      const events: { type: string; [field: string]: unknown }[] = [
        { type: 'message_start', message: { ...head, content: [], stop_reason: null, usage } },
        ...content.flatMap(blockEvents),
        { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage },
        { type: 'message_stop' },
      ]
      return eventStream(named(...events))
    },
  }
}

function blockEvents(block: Json, index: number) {
  const [empty, ...deltas] =
    block.type === 'thinking'
      ? [
          { ...block, thinking: '', signature: '' },
          { type: 'thinking_delta', thinking: block.thinking },
          { type: 'signature_delta', signature: block.signature },
        ]
      : [
          { ...block, input: {} },
          { type: 'input_json_delta', partial_json: JSON.stringify(block.input) },
        ]
  return [
    { type: 'content_block_start', index, content_block: empty },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}

/** As Anthropic words it. @param made what it thought and signed itself in an answer */
function refusedByClaude({ messages, thinking }: Json, made: (n: number) => object): string | undefined {
  for (const [i, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue
    for (const [j, block] of content.entries()) {
      if (block.type === 'redacted_thinking') return `messages.${i}.content.${j}: Invalid \`data\``
      if (block.type !== 'thinking') continue
      const n = Number(/\d+$/.exec(block.signature)?.[0])
      if (JSON.stringify({ type: 'thinking', ...made(n) }) !== JSON.stringify(block)) {
        return `messages.${i}.content.${j}: Invalid \`signature\` in \`thinking\` block`
      }
    }
  }
  const last = messages.findLast(({ role }: Json) => role === 'assistant')
  const first = last?.content[0]?.type
  if (thinking?.type !== 'enabled' || !last || first === 'thinking') return undefined
  return `messages.1.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block`
}

export const claude = claudeFamily('claude', '')
const otherClaude = claudeFamily('claude elsewhere', '/elsewhere')

export const gemini: Family = {
  name: 'gemini',
  model: 'google/gemini-3-pro-preview',
  path: '/v1/projects/my-project-1/locations/global/endpoints/openapi/chat/completions',
  thought: (n) => `Gemini thinks, ${n}.`,
  entry(origin, clock) {
    const provider = vertex.create(vertex.options.parse({ endpoint: origin, project: 'my-project-1' }), { clock })
    return entryOf('vertex', provider, { accessToken: 'ya29.test' })
  },
  reply({ json }, n) {
    const bare = json.messages.flatMap(({ tool_calls }: Json) => tool_calls?.slice(0, 1) ?? []).find(isUnsigned)
    if (bare) {
      const message = `Function call \`${bare.function.name}\` is missing a thought_signature`
      return jsonReply([{ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }], 400)
    }
    const toolCalls = [{ id: `call_gemini_${n}`, name: tool, arguments: city }]
    const [role, call, ...rest]: Json[] = chatChunks({ toolCalls, usage: tokens(1, 2) })
    const delta = { content: gemini.thought(n), extra_content: { google: { thought: true } } }
    const thinks = { ...role, choices: [{ index: 0, delta, finish_reason: null }] }
    call.choices[0].delta.tool_calls[0].extra_content = { google: { thought_signature: `sig-gemini-${n}` } }
    return eventStream(sse(role, thinks, call, ...rest, '[DONE]'))
  },
}

function isUnsigned({ id, extra_content }: Json): boolean {
  const signature = extra_content?.google?.thought_signature
  // Its own are to come back.
  return id.startsWith('call_gemini_')
    ? signature !== id.replace('call_', 'sig-').replace('_', '-')
    : signature !== 'skip_thought_signature_validator'
}

/** A service that refuses calls of earlier turns without their reasoning. */
function plainFamily(given: Pick<Family, 'name' | 'model' | 'path' | 'entry'> & { idOf(n: number): string }): Family {
  const thought = (n: number) => `${given.name} thinks, ${n}.`
  return {
    ...given,
    thought,
    reply({ json }, n) {
      const isBare = ({ tool_calls, reasoning_content }: Json) => tool_calls && !reasoning_content
      const index = json.messages.findIndex(isBare)
      if (index >= 0) {
        const message = `thinking is enabled but reasoning_content is missing in assistant tool call message at index ${index}`
        return jsonReply({ error: { message, type: 'invalid_request_error' } }, 400)
      }
      const toolCalls = [{ id: given.idOf(n), name: tool, arguments: city }]
      return eventStream(sse(...chatChunks({ reasoning: thought(n), toolCalls, usage: tokens(1, 2) }), '[DONE]'))
    },
  }
}

// Paths of their own, under which it is not known that Messages are spoken too: so they are translated.
export const kimiThinking = plainFamily({
  name: 'kimi',
  model: 'kimi-k2-thinking',
  path: '/kimi/chat/completions',
  idOf: (n) => `${tool}:${n}`,
  entry(origin, clock) {
    const provider = kimi.create(kimi.options.parse({ baseUrl: `${origin}/kimi` }), { clock })
    return entryOf('kimi', provider, { apiKey: 'sk-kimi' })
  },
})

export const glm = plainFamily({
  name: 'glm',
  model: 'glm-5',
  path: '/glm/chat/completions',
  idOf: (n) => `call_glm_${n}`,
  entry(origin, clock) {
    const provider = zai.create(zai.options.parse({ baseUrl: `${origin}/glm` }), { clock })
    return entryOf('zai', provider, { apiKey: 'id.secret' })
  },
})

export const families: readonly Family[] = [claude, otherClaude, gemini, kimiThinking, glm]
