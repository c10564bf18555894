import { type Asked, modelName } from './contents.ts'
import type { Dialect } from './dialect.ts'

/** Where requests go, and as what. */
export interface Endpoint {
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
  /** Stands before what is asked for in the model name, such as `relay:`. */
  readonly prefix: string
  readonly dialect: Dialect
  /** Each request has an `Idempotency-Key` of its own. */
  readonly isNumbered?: boolean
}

let numbered = 0
const digits = 16

/** What to send, time after time. One for each connection: the bytes are written over. */
export function requestsOf(endpoint: Endpoint, asked: Partial<Asked>, how: HowAsked): () => Buffer {
  if (!endpoint.isNumbered) {
    const request = encodeRequest(endpoint, asked, how)
    return () => request
  }
  const headers = { ...endpoint.headers, 'idempotency-key': '0'.repeat(digits) }
  const request = encodeRequest({ ...endpoint, headers }, asked, how)
  const at = request.indexOf('0'.repeat(digits))
  return () => {
    request.write(String(++numbered).padStart(digits, '0'), at)
    return request
  }
}

export interface HowAsked {
  readonly isStreamed: boolean
  /** Chat Completions only: the other dialects tell the usage in any case. */
  readonly withUsage?: boolean
}

const SYSTEM = 'You are a helpful assistant.'
const QUESTION = 'Tell me something about owls.'

interface Written {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: object
}

/** The bytes of one request; the same question in each dialect. */
export function encodeRequest(endpoint: Endpoint, asked: Partial<Asked>, how: HowAsked): Buffer {
  const { port, prefix, dialect } = endpoint
  const written = writers[dialect](modelName(prefix, asked), how)
  const body = JSON.stringify(written.body)
  const own = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const all = { ...own, ...written.headers, ...endpoint.headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${written.path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('')}\r\n${body}`)
}

const writers: Readonly<Record<Dialect, (model: string, how: HowAsked) => Written>> = {
  chat: (model, { isStreamed, withUsage }) => ({
    path: '/v1/chat/completions',
    body: {
      model,
      messages: [
        { role: 'system', content: SYSTEM },
        { role: 'user', content: QUESTION },
      ],
      ...(isStreamed && { stream: true }),
      ...(withUsage && { stream_options: { include_usage: true } }),
    },
  }),
  messages: (model, { isStreamed }) => ({
    path: '/v1/messages',
    headers: { 'anthropic-version': '2023-06-01' },
    body: {
      model,
      max_tokens: 4096,
      system: SYSTEM,
      messages: [{ role: 'user', content: QUESTION }],
      ...(isStreamed && { stream: true }),
    },
  }),
  responses: (model, { isStreamed }) => ({
    path: '/v1/responses',
    body: {
      model,
      instructions: SYSTEM,
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: QUESTION }] }],
      // As coding agents ask. To keep an answer is another work than to translate it.
      store: false,
      ...(isStreamed && { stream: true }),
    },
  }),
}
