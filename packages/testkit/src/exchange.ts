import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** A request as it came, and what became of its reply. */
export interface Exchange {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, in the case and order in which they were sent. */
  readonly rawHeaders: readonly string[]
  /** What has arrived of the body; all of it once `received()` resolved. */
  readonly body: Uint8Array
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read into it freely; a wrong path is a failing test, no more.
  readonly json: any
  /** `index` counts from 0 in the order of acceptance; `reused` when it had carried a request before this one. */
  readonly connection: { readonly index: number; readonly reused: boolean }
  /** Bytes of the body that the socket has taken so far, as they were before chunk framing. */
  readonly sent: number
  /** `finished` when the script came to its end, even a broken one; `aborted` when the client closed before that. */
  readonly closed: Promise<'finished' | 'aborted'>
}

/** The same as the fake upstream fills it in. */
export class ExchangeRecord implements Exchange {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly connection: Exchange['connection']
  readonly arrived: Promise<void>
  readonly closed: Promise<'finished' | 'aborted'>
  sent = 0
  whole = () => {}
  over: (how: 'finished' | 'aborted') => void = () => {}
  readonly #body: Uint8Array[] = []

  constructor(message: IncomingMessage, connection: Exchange['connection']) {
    this.method = message.method ?? ''
    this.path = message.url ?? ''
    this.headers = message.headers
    this.rawHeaders = message.rawHeaders
    this.connection = connection
    this.arrived = new Promise((resolve) => {
      this.whole = resolve
    })
    this.closed = new Promise((resolve) => {
      this.over = resolve
    })
  }

  take(chunk: Uint8Array): void {
    this.#body.push(chunk)
  }

  get body(): Uint8Array {
    return Buffer.concat(this.#body)
  }

  get text(): string {
    return this.body.toString()
  }

  get json(): unknown {
    return JSON.parse(this.text)
  }
}
