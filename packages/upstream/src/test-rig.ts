import { type CallEvent, type CallLimits, type Credential, isDragomanError, Secret } from '@dragoman/core'
import { canary, type FakeUpstream, type HandClock, handClock, startFakeUpstream } from '@dragoman/testkit'
import {
  createHttpClient,
  defaultLimits,
  END,
  events,
  type HttpClient,
  type HttpClientOptions,
  type HttpResponse,
  type Limits,
  type PostOptions,
  type RequestCall,
  type StreamEvent,
} from './index.ts'
import { BodyChannel } from './response-body.ts'

/** A client, the upstream it calls, and a clock that stands still. */
export interface Rig extends AsyncDisposable {
  readonly upstream: FakeUpstream
  readonly client: HttpClient
  readonly clock: HandClock
  readonly events: readonly CallEvent[]
  call(options?: { signal?: AbortSignal; limits?: CallLimits }): RequestCall
  /** Posts `{}` to `/chat/completions` and asks for events. */
  stream(call?: RequestCall, options?: Partial<PostOptions>): Promise<HttpResponse>
  /** The same, and asks for JSON. */
  whole(call?: RequestCall, options?: Partial<PostOptions>): Promise<HttpResponse>
}

export const apiKey = canary('apiKey')

export const credential: Credential = { id: 'first', values: { apiKey: new Secret(apiKey) } }

export async function startRig(options: Partial<HttpClientOptions> = {}): Promise<Rig> {
  const upstream = await startFakeUpstream()
  const clock = handClock()
  const client = createHttpClient({ provider: 'acme', baseUrl: `${upstream.origin}/v1`, clock, ...options })
  const observed: CallEvent[] = []
  const over = new AbortController()
  const call: Rig['call'] = ({ signal = over.signal, limits } = {}) => ({
    credential,
    signal,
    limits,
    observe: (event) => observed.push(event),
  })
  const post = (own: RequestCall, request: Partial<PostOptions>) =>
    client.post('/chat/completions', {
      call: own,
      body: {},
      headers: { authorization: `Bearer ${apiKey}` },
      ...request,
    })
  return {
    upstream,
    client,
    clock,
    events: observed,
    call,
    stream: (own = call(), request = {}) => post(own, { accept: 'text/event-stream', ...request }),
    whole: (own = call(), request = {}) => post(own, request),
    async [Symbol.asyncDispose]() {
      over.abort() // what a failed test left open would keep close() waiting
      await upstream.close()
      await client.close()
    },
  }
}

/** The data of each event up to `[DONE]`. */
export function dataOf(response: HttpResponse): AsyncIterableIterator<string, undefined> {
  return events(response, ({ data }: StreamEvent) => (data === '[DONE]' ? END : [data]))
}

/** A stream of events that has come in these pieces, without a socket. */
export function inMemory(pieces: readonly Uint8Array[], limits: Limits = defaultLimits): HttpResponse {
  const body = new BodyChannel({ pause() {}, resume() {}, finish() {}, release() {} })
  for (const piece of pieces) body.data(piece)
  body.end()
  const fail = (): never => {
    throw new Error('not an error')
  }
  return {
    status: 200,
    headers: new Headers({ 'content-type': 'text/event-stream' }),
    contentType: 'text/event-stream',
    body,
    call: { provider: 'acme', limits, clock: handClock(), errorFromText: fail },
    errorFrom: fail,
  }
}

export interface Outcome<T> {
  readonly items: readonly T[]
  readonly error?: unknown
}

/** Reads to the end, or to the error. */
export async function outcomeOf<T>(source: AsyncIterable<T>): Promise<Outcome<T>> {
  const items: T[] = []
  try {
    for await (const item of source) items.push(item)
    return { items }
  } catch (error) {
    return { items, error }
  }
}

/** `code: message` of what a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return textOf(error)
  }
  return 'nothing was thrown'
}

export function textOf(error: unknown): string {
  return isDragomanError(error) ? `${error.code}: ${error.message}` : `not a DragomanError: ${error}`
}

/** So many turns of the event loop that whatever was going to happen on loopback has happened. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
