import { DragomanError } from '@dragoman/core'
import { createHttpClient, type HttpClientOptions, type PostOptions } from './http-client.ts'

export interface PutToOptions
  extends Pick<HttpClientOptions, 'provider' | 'proxy' | 'clock'>,
    Pick<PostOptions, 'call' | 'left' | 'headers'> {
  readonly body: Uint8Array
}

/** From the first byte sent to the storage's answer. */
const PUT_MS = 120_000

/**
 * Puts bytes at an address that a service gave for them, which is most often signed and leads to a storage elsewhere:
 * over a connection of its own, by the same proxy as everything else, closed afterwards. What is answered is not read.
 *
 * A refusal is `upstream_unavailable`, whatever its status: a storage says nothing about the caller's credential. No
 * message and no event holds more of the address than its host and, for events, its path.
 */
export async function putTo(address: string, options: PutToOptions): Promise<void> {
  const { provider, proxy, clock, call, left, headers, body } = options
  const origin = 'upstream'
  const url = URL.parse(address)
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    const message = `${provider} named a place for a file that is no http:// or https:// URL`
    throw new DragomanError('upstream_protocol', message, { origin })
  }
  const client = createHttpClient({ provider, baseUrl: url.origin, proxy, clock })
  try {
    const response = await client.put(url.pathname + url.search, {
      // Without the credential: the storage does not know it.
      call: { signal: call.signal, observe: call.observe, limits: { wholeHeadersMs: PUT_MS, ...call.limits } },
      left,
      headers,
      body,
      accept: '*/*',
      mapError: ({ status }) =>
        new DragomanError('upstream_unavailable', `${provider}: ${url.host} answered ${status} to PUT`, { origin }),
    })
    response.body.finish()
  } finally {
    // Not waited for: a proxy may still be connecting for a caller who has left.
    void client.close()
  }
}
