import { DragomanError, isDragomanError, toDragomanError } from '@dragoman/core'
import manifest from '../../package.json' with { type: 'json' }

interface DirectRequest {
  readonly method: 'PUT' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/**
 * A request of a method that the client of `@dragoman/upstream` does not have. It goes directly, whatever proxy there
 * is, and what it is answered is not read. Messages hold the host and the status, nothing else of it.
 */
export async function directFetch(url: string, request: DirectRequest): Promise<void> {
  const { timeoutMs, signal, headers, ...rest } = request
  const { host } = new URL(url)
  try {
    const response = await fetch(url, {
      ...rest,
      headers: { ...headers, 'user-agent': `dragoman/${manifest.version}` },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    await response.body?.cancel()
    const isGone = request.method === 'DELETE' && response.status === 404
    if (response.ok || isGone) return
    throw new DragomanError('upstream_unavailable', `${host} answered ${response.status} to ${request.method}`, {
      origin: 'upstream',
    })
  } catch (cause) {
    if (signal.aborted) throw toDragomanError(signal.reason, signal)
    if (isDragomanError(cause)) throw cause
    // The cause may hold headers.
    throw new DragomanError('upstream_unavailable', `${host} could not be reached`, { origin: 'upstream' })
  }
}
