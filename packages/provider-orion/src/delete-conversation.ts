import manifest from '../package.json' with { type: 'json' }

/**
 * `DELETE` of an address, which `createHttpClient` has no method for. It knows no proxy. Resolves when it
 * is gone, also when it was gone before; rejects with words that hold nothing of the request.
 */
export async function deleteAt(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, {
    method: 'DELETE',
    headers: { ...headers, 'user-agent': `dragoman/${manifest.version}` },
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  })
  await response.body?.cancel()
  if (!response.ok && response.status !== 404) throw new Error(`the answer was ${response.status}`)
}

/** Nobody waits for it, but the end of the process. */
const TIMEOUT_MS = 5_000
