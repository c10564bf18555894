import { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'

/**
 * What an exchange cannot learn from undici: whether its socket has carried a request before, and which socket is being
 * opened for it.
 */
export class Link {
  readonly #connect: buildConnector.connector
  #opening: Socket | undefined
  #carried = 0

  constructor(connect: buildConnector.connector) {
    this.#connect = connect
  }

  readonly connect: buildConnector.connector = (options, callback) => {
    // Declared void, but undici's own connector returns its socket; that of a proxy has none to show at this point.
    const opening: unknown = this.#connect(options, (...result) => {
      this.#opening = undefined
      this.#carried = 0
      callback(...result)
    })
    if (opening instanceof Socket) this.#opening = opening
  }

  /** A request is about to be written; true when it is not the first on this socket. */
  carry(): boolean {
    return this.#carried++ > 0
  }

  /** Nobody waits for the connection any more. */
  abandon(): void {
    this.#opening?.destroy(new Error('Nobody waits for this connection any more'))
  }
}

/** What a handler that wants to know its link has besides. */
interface Rider {
  ride?(link: Link): void
}

/** One connection of a pool, which tells each handler its link. */
export class LinkedClient extends Client {
  readonly #link: Link

  private constructor(origin: URL, options: Client.Options, link: Link) {
    super(origin, { ...options, connect: link.connect })
    this.#link = link
  }

  /** For the `factory` of a Pool, which hands on a connector that it has made for all of its clients. */
  static create(origin: URL, options: Client.Options): Client {
    if (typeof options.connect !== 'function') return new Client(origin, options)
    return new LinkedClient(origin, options, new Link(options.connect))
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler & Rider): boolean {
    handler.ride?.(this.#link)
    return super.dispatch(options, handler)
  }
}
