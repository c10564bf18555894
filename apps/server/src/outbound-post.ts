import { type Clock, isDragomanError, type OutgoingProxy } from '@dragoman/core'
import { createHttpClient, readText } from '@dragoman/upstream'

export interface OutboundPostOptions {
  /** Of the place, for messages. */
  readonly name: string
  readonly url: URL
  readonly proxy: string | OutgoingProxy | undefined
  readonly clock: Clock
}

/** How a POST went. */
export type Posted =
  | { readonly ok: true }
  /** `again`: it may go better later, after that time where the other side has said one. */
  | { readonly ok: false; readonly code: string; readonly again: boolean; readonly afterMs: number | undefined }

export interface OutboundPost {
  /** Does not reject. Whatever the other side answers stays here: its text may hold what it was sent. */
  send(path: string, body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<Posted>
  close(): Promise<void>
}

const wholeMs = 10_000
const longestAnswer = 1_000_000

/** Sends to an address that the operator has set; redirects are followed to the very same server only. */
export function outboundPost({ name, url, proxy, clock }: OutboundPostOptions): OutboundPost {
  const client = createHttpClient({ provider: name, baseUrl: url.origin, proxy, clock })
  const limits = { wholeHeadersMs: wholeMs, idleMs: wholeMs, maxAnswerBytes: longestAnswer }
  return {
    async send(path, body, headers) {
      const ending = new AbortController()
      const cancel = clock.schedule(() => ending.abort(), wholeMs)
      try {
        // Whatever it is, a page too: only the status counts.
        const accept = 'application/json, text/plain, text/html, */*'
        await readText(await client.post(path, { call: { signal: ending.signal, limits }, headers, body, accept }))
        return { ok: true }
      } catch (error) {
        const timedOut = ending.signal.aborted
        if (!isDragomanError(error) || timedOut) {
          return { ok: false, code: timedOut ? 'upstream_timeout' : 'internal', again: timedOut, afterMs: undefined }
        }
        const { code, scope, retryAfterMs } = error
        const again = code === 'rate_limited' || (scope === 'upstream' && code !== 'deployment_not_found')
        return { ok: false, code, again, afterMs: retryAfterMs }
      } finally {
        cancel()
      }
    },
    close: () => client.close(),
  }
}
