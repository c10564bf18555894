import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { type AnswerEncoder, type AnswerReader, type CallerSignal, type Dialect, DragomanError } from '@dragoman/core'
import type { ReadRequest } from '@dragoman/dialects'
import type { Answer, ChatContext, Gateway, RouteInfo } from '@dragoman/gateway'
import { exchangeOf, header, headerValue } from '../http/exchange.ts'
import { tellRates } from '../http/limit-headers.ts'
import { sendJson, sendJsonBytes } from '../http/send-json.ts'
import { sendStream } from '../http/send-stream.ts'
import { tellAttempts } from '../http/trail.ts'

/** A chat in another dialect than Chat Completions, read. */
export interface TranslatedChat {
  readonly dialect: Dialect
  readonly asked: ReadRequest
  /** The request as it came, and parsed. */
  readonly text: string
  readonly value: unknown
  /** The same, where an upstream's own answer will do. */
  readonly body?: string | undefined
  readonly reader?: (() => AnswerReader) | undefined
  /** Headers of the client that go with the body where it goes as it came. */
  readonly relayHeaders?: Readonly<Record<string, string>> | undefined
  /** What stands for "nothing yet" before the first frame of an upstream. */
  readonly silence: string
  /** Learns of the answer before anything of it is written. */
  onAnswer?(answer: Answer): void
}

/** Asks the gateway, and writes what it answers in the client's dialect. */
export async function answerTranslated(
  request: IncomingMessage,
  response: ServerResponse,
  { gateway, signal }: { readonly gateway: Gateway; readonly signal: CallerSignal },
  { dialect, asked, text, value, body, reader, relayHeaders, silence, onAnswer }: TranslatedChat,
): Promise<void> {
  const { chat, relayOnly } = asked
  const context = {
    ...contextOf(request, response, signal),
    dialect,
    body,
    asked: text,
    parsed: value,
    reader,
    relayHeaders,
    relayOnly,
  }
  exchangeOf(response).isRecorded = true
  const answer = await gateway.chat(chat, context)
  onAnswer?.(answer)
  tellRoute(response, answer.route, chat.model, isAsItCame(answer) ? nothing : asked.dropped)
  switch (answer.kind) {
    case 'completion':
      return sendJson(response, asked.whole(answer.completion))
    case 'bytes':
      return sendJsonBytes(response, answer.bytes)
    case 'chunks':
      return sendStream(response, answer.chunks, relayable(asked.encoder(), answer, silence), signal)
  }
}

/** Whether the request of this answer went on as the client's own bytes: then nothing was left out of it. */
function isAsItCame(answer: Answer): boolean {
  return answer.kind === 'bytes' || (answer.kind === 'chunks' && answer.route !== undefined && answer.isRelaying)
}

/** What the gateway is told of a request beside its body. */
export function contextOf(request: IncomingMessage, response: ServerResponse, signal: CallerSignal): ChatContext {
  const { client, rights, variant, id: requestId, attempted } = exchangeOf(response)
  const { headers } = request
  return {
    signal,
    client,
    rights,
    variant,
    session: session(headers),
    requestId,
    attempted,
    idempotencyKey: idempotencyKey(headers),
    cache: onOrOff(headers, 'x-gateway-cache'),
    ensureToolCall: isOn(onOrOff(headers, 'x-gateway-ensure-tool-call')),
  }
}

const longestIdempotencyKey = 255

function idempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const key = header(headers, 'idempotency-key')
  if (key === undefined || (key.length <= longestIdempotencyKey && /^[!-~](?:[ -~]*[!-~])?$/.test(key))) return key
  const message = `The header idempotency-key is 1 to ${longestIdempotencyKey} printable ASCII characters`
  throw new DragomanError('invalid_request', message, { param: 'idempotency-key' })
}

function onOrOff(headers: IncomingHttpHeaders, name: string): 'on' | 'off' | undefined {
  const value = header(headers, name)
  if (value === undefined || value === 'on' || value === 'off') return value
  throw new DragomanError('invalid_request', `The header ${name} is on or off`, { param: name })
}

function isOn(value: 'on' | 'off' | undefined): boolean | undefined {
  return value === undefined ? undefined : value === 'on'
}

/** What coding agents call the session that a request belongs to. */
function session(headers: IncomingHttpHeaders): string | undefined {
  return header(headers, 'session-id') ?? header(headers, 'x-claude-code-session-id')
}

const nothing: readonly string[] = []

/** @param dropped what was left out before a target was chosen */
export function tellRoute(
  response: ServerResponse,
  route: RouteInfo | undefined,
  model: string,
  dropped: readonly string[] = nothing,
): void {
  tellRates(response)
  response.setHeader('x-gateway-model', headerValue(route?.name ?? model))
  if (route) response.setHeader('x-gateway-provider', headerValue(route.provider))
  if (route?.cache) tellCache(response, route)
  if (route?.answeredBy === 'idempotency') response.setHeader('idempotent-replayed', 'true')
  if (route?.toolEnforcement) response.setHeader('x-gateway-tool-enforcement', route.toolEnforcement)
  const all = route && route.dropped.length > 0 ? [...dropped, ...route.dropped] : dropped
  if (all.length > 0) response.setHeader('x-gateway-dropped', listed(all))
  tellAttempts(response, route)
}

function tellCache(response: ServerResponse, { cache = 'miss', ageMs }: RouteInfo): void {
  response.setHeader('x-gateway-cache', cache)
  if (ageMs !== undefined) response.setHeader('age', String(Math.floor(ageMs / 1000)))
}

/** Clients take no head that is longer than some kilobytes, and a long history may have much to name. */
const longestList = 2_048

function listed(names: readonly string[]): string {
  let list = ''
  for (const [i, name] of names.entries()) {
    const value = headerValue(name)
    if (list.length + value.length > longestList) return `${list}, and ${names.length - i} more`
    list += i === 0 ? value : `, ${value}`
  }
  return list
}

/**
 * An encoder for an answer that may turn out to be the upstream's own frames: those bring their own beginning and end,
 * and what is said between them must not be part of another answer.
 */
function relayable(
  encoder: AnswerEncoder,
  answer: Extract<Answer, { kind: 'chunks' }>,
  silence: string,
): AnswerEncoder {
  let isRelayed = false
  return {
    contentType: encoder.contentType,
    chunk: (chunk) => encoder.chunk(chunk),
    relayed(frames) {
      isRelayed = true
      encoder.relayed?.(frames)
    },
    heartbeat: () => (!isRelayed && answer.isRelaying ? silence : encoder.heartbeat()),
    end: () => (isRelayed ? '' : encoder.end()),
    error: (error) => encoder.error(error),
  }
}
