import { type IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http'

/**
 * A response that keeps the headers it is given until its head is written. Node's own checks and files each one as it
 * is set and goes through all of them once more at the end, which costs a request about as much as its log line. Names
 * are to be in lower case, as everywhere here.
 */
export class OneHeadResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  readonly #head: OutgoingHttpHeaders = {}

  override setHeader(name: string, value: number | string | readonly string[]): this {
    this.#head[name] = typeof value === 'object' ? [...value] : value
    return this
  }

  override getHeader(name: string): number | string | string[] | undefined {
    return this.#head[name]
  }

  override hasHeader(name: string): boolean {
    return name in this.#head
  }

  override removeHeader(name: string): void {
    delete this.#head[name]
  }

  override getHeaders(): OutgoingHttpHeaders {
    return { ...this.#head }
  }

  override getHeaderNames(): string[] {
    return Object.keys(this.#head)
  }

  /** With headers as an object; a reason phrase before them is left to Node. */
  override writeHead(status: number, reason?: unknown, headers: unknown = reason): this {
    return super.writeHead(status, typeof headers === 'object' ? { ...this.#head, ...headers } : this.#head)
  }
}
