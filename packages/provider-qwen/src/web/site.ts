import type { Call, Clock } from '@dragoman/core'
import { createHttpClient, type HttpResponse, type PostOptions } from '@dragoman/upstream'
import { directFetch } from './direct-fetch.ts'
import type { QwenWebOptions } from './options.ts'
import { siteHeaders } from './session-headers.ts'
import { mapSiteError } from './site-error.ts'

export interface SiteCall extends Pick<PostOptions, 'body' | 'left' | 'accept'> {
  readonly call: Call
}

/** chat.qwen.ai, as its own page speaks to it. */
export interface Site {
  readonly http: ReturnType<typeof createHttpClient>
  readonly origin: string
  post(path: string, options: SiteCall): Promise<HttpResponse>
  get(path: string, options: Omit<SiteCall, 'body'>): Promise<HttpResponse>
  deleteChat(chatId: string, call: Call): Promise<void>
  close(): Promise<void>
}

interface SiteOptions extends Pick<QwenWebOptions, 'baseUrl' | 'webVersion'> {
  readonly clock: Clock
  readonly proxy: Parameters<typeof createHttpClient>[0]['proxy']
}

/** Nobody waits for it but the end of the process. */
const DELETE_MS = 5_000

export function createSite({ baseUrl, webVersion, clock, proxy }: SiteOptions): Site {
  const { origin } = new URL(baseUrl)
  const http = createHttpClient({ provider: 'chat.qwen.ai', baseUrl, proxy, clock })
  const headers = ({ credential }: Call) => siteHeaders({ origin, webVersion, clock }, credential)
  return {
    http,
    origin,
    post: (path, options) => http.post(path, { ...options, headers: headers(options.call), mapError: mapSiteError }),
    get: (path, options) => http.get(path, { ...options, headers: headers(options.call), mapError: mapSiteError }),
    deleteChat: (chatId, call) =>
      directFetch(`${baseUrl.replace(/\/+$/, '')}/api/v2/chats/${encodeURIComponent(chatId)}`, {
        method: 'DELETE',
        headers: { ...headers(call), accept: 'application/json' },
        signal: call.signal,
        timeoutMs: DELETE_MS,
      }),
    close: () => http.close(),
  }
}
