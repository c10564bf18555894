import type { OutgoingProxy } from '@dragoman/core'

/**
 * Removes one chat by its id. The HTTP client of `@dragoman/upstream` sends no DELETE, so this goes by the platform's
 * `fetch`, which knows no proxy of the operator's: where there is one, chats stay.
 */
export function chatRemover(baseUrl: string) {
  return async (id: string, token: string, signal: AbortSignal): Promise<void> => {
    const response = await fetch(`${baseUrl}/api/v1/chats/${encodeURIComponent(id)}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': 'dragoman' },
      redirect: 'error',
      signal,
    })
    await response.body?.cancel()
    // One that is gone already is as good.
    if (!response.ok && response.status !== 404) throw new Error(`status ${response.status}`)
  }
}

export function hasProxy(proxy: string | OutgoingProxy | undefined): boolean {
  return typeof proxy === 'string' ? proxy !== '' : Boolean(proxy?.http || proxy?.https)
}
