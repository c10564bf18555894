import type { Call, Clock } from '@dragoman/core'
import {
  createHttpClient,
  type HttpResponse,
  type PostOptions,
  parseJson,
  putTo,
  type RemovalCall,
  readText,
} from '@dragoman/upstream'
import type { QwenWebOptions } from './options.ts'
import { siteHeaders } from './session-headers.ts'
import { mapSiteError, reportsError } from './site-error.ts'

export interface SiteCall extends Pick<PostOptions, 'body' | 'left' | 'accept'> {
  readonly call: Call
}

/** chat.qwen.ai, as its own page speaks to it. */
export interface Site {
  readonly http: ReturnType<typeof createHttpClient>
  readonly origin: string
  post(path: string, options: SiteCall): Promise<HttpResponse>
  get(path: string, options: Omit<SiteCall, 'body'>): Promise<HttpResponse>
  deleteChat(chatId: string, call: RemovalCall): Promise<void>
  /** Puts a file at an address that the site gave for it. */
  put(address: string, options: Pick<PostOptions, 'call' | 'left' | 'headers'> & { body: Uint8Array }): Promise<void>
  close(): Promise<void>
}

interface SiteOptions extends Pick<QwenWebOptions, 'baseUrl' | 'webVersion'> {
  readonly clock: Clock
  readonly proxy: Parameters<typeof createHttpClient>[0]['proxy']
}

export function createSite({ baseUrl, webVersion, clock, proxy }: SiteOptions): Site {
  const { origin } = new URL(baseUrl)
  const provider = 'chat.qwen.ai'
  const http = createHttpClient({ provider, baseUrl, proxy, clock })
  const headers = ({ credential }: Pick<Call, 'credential'>) => siteHeaders({ origin, webVersion, clock }, credential)
  return {
    http,
    origin,
    post: (path, options) => http.post(path, { ...options, headers: headers(options.call), mapError: mapSiteError }),
    get: (path, options) => http.get(path, { ...options, headers: headers(options.call), mapError: mapSiteError }),
    async deleteChat(chatId, call) {
      const path = `/api/v2/chats/${encodeURIComponent(chatId)}`
      const response = await http.delete(path, { call, headers: headers(call), mapError: mapSiteError })
      // Not known to be JSON, and of no use unless it reports an error.
      const answer = parseJson(await readText(response))
      if (reportsError(answer)) throw response.errorFrom(answer)
    },
    put: (address, options) => putTo(address, { ...options, provider, proxy, clock }),
    close: () => http.close(),
  }
}
