/**
 * Tells that a caller has left. An `AbortSignal` is one. Making and watching one of Node's is a good part of what a short
 * request costs, so whoever serves many may bring an object of its own.
 */
export interface CallerSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}
