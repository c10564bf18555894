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
 * is, and what it is answered is not read. Messages hold the host and the status: an address may be signed.
 */
export async function directFetch(address: string, request: DirectRequest): Promise<void> {
  const { timeoutMs, signal, headers, ...rest } = request
  const url = URL.parse(address)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new DragomanError('upstream_protocol', 'What should be an address is none', { origin: 'upstream' })
  }
  try {
    const response = await fetch(url, {
      ...rest,
      headers: { ...headers, 'user-agent': `dragoman/${manifest.version}` },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    await response.body?.cancel()
    if (response.ok) return
    throw new DragomanError('upstream_unavailable', `${url.host} answered ${response.status} to ${request.method}`, {
      origin: 'upstream',
    })
  } catch (cause) {
    if (signal.aborted) throw toDragomanError(signal.reason, signal)
    if (isDragomanError(cause)) throw cause
    // The cause may hold headers and the address.
    throw new DragomanError('upstream_unavailable', `${url.host} could not be reached`, { origin: 'upstream' })
  }
}
