import type { Exchange } from './exchange.ts'

/**
 * What the fake upstream answers to one request: first the steps of `before`, then status and headers, then the steps
 * of `body`, then a proper end. A reply may also be made from the request once its body has arrived.
 */
export type ScriptedReply = Reply | ((request: Exchange) => Reply | Promise<Reply>)

export interface Reply {
  /** Default 200. */
  readonly status?: number
  /** Without `content-length` the body is chunked. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** A generator is pulled only as fast as the client reads. */
  readonly body?: Step | Iterable<Step> | AsyncIterable<Step>
  /** Steps that come before the head leaves: a gate, a stall, a reset. */
  readonly before?: readonly Step[]
  /** Compresses the body as it goes, flushed after every step, and names it in `content-encoding`. */
  readonly encoding?: Coding
  /** Starts with the request's head instead of waiting for its body, which is still read and recorded. */
  readonly early?: boolean
  /** Writes no head of its own: the steps' bytes are the response, and the socket is closed after them. */
  readonly verbatim?: boolean
}

export type Coding = 'gzip' | 'br' | 'deflate' | 'zstd'

/** Text or bytes are one write each, and a client in the same process reads them one by one. The rest is trouble. */
export type Step = string | Uint8Array | Gate | Trouble

export type Trouble =
  | { readonly type: 'stall' }
  | { readonly type: 'reset' }
  | { readonly type: 'cut' }
  | { readonly type: 'hang-up' }
  | { readonly type: 'raw'; readonly bytes: string | Uint8Array }

/** Holds a script until a test opens it, so that no test has to wait by the clock. */
export interface Gate {
  readonly type: 'gate'
  open(): void
  readonly opened: Promise<void>
  /** Resolves when a script arrived here, so everything before it was written. */
  readonly reached: Promise<void>
  /** Called by the fake upstream. */
  arrive(): void
}

export function gate(): Gate {
  let open = () => {}
  let arrive = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const reached = new Promise<void>((resolve) => {
    arrive = resolve
  })
  return { type: 'gate', open, opened, reached, arrive }
}

/** Nothing more comes, and the socket stays open. */
export const stall = (): Trouble => ({ type: 'stall' })

/** The socket is torn down with a RST, wherever the response is. */
export const reset = (): Trouble => ({ type: 'reset' })

/** The socket is closed with a FIN, wherever the response is: a chunked body lacks its end, a sized one its rest. */
export const cut = (): Trouble => ({ type: 'cut' })

/** The response ends properly, then the kept-alive socket is closed, which nothing in the head announced. */
export const hangUp = (): Trouble => ({ type: 'hang-up' })

/** Bytes for the socket itself, past the framing of chunks: to break that framing. */
export const raw = (bytes: string | Uint8Array): Trouble => ({ type: 'raw', bytes })

/** Takes the request and never answers. */
export const noReply = (): Reply => ({ before: [stall()] })

/** These bytes are the whole response, head and all, followed by a FIN. */
export const verbatim = (...body: Step[]): Reply => ({ verbatim: true, body })

export const redirect = (status: 301 | 302 | 303 | 307 | 308, location: string): Reply => ({
  status,
  headers: { location },
})

/** What a proxy in front of a service answers. */
export const htmlPage = (status = 200, title = 'Down for maintenance'): Reply => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
})

export const jsonReply = (value: unknown, status = 200, headers: Reply['headers'] = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
})

/** One piece over and over: a body without end, or of `times` pieces. Takes no memory for them. */
export function* repeated(piece: string | Uint8Array, times = Number.POSITIVE_INFINITY): Generator<Uint8Array> {
  const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
  for (let i = 0; i < times; i++) yield bytes
}
