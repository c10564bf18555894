import { DragomanError, isRecord } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  END,
  events,
  type HttpClient,
  type HttpResponse,
  isEventStream,
  parseJson,
  type RequestCall,
  readJson,
  readText,
} from '@dragoman/upstream'
import type { MakeChunk } from '../answer-chunks.ts'
import { type Fields, fieldsOf, textIn } from '../fields.ts'
import { wantsSearch } from '../search-tool.ts'
import { mapSiteError, siteName } from './connect-error.ts'
import type { SiteModel } from './models.ts'

/** The models of the older calls, by the names they have there. */
export const legacyModels: Readonly<Record<string, SiteModel>> = {
  kimi: { scenario: 'kimi', sees: true },
  k1: { scenario: 'k1', thinking: true, sees: true },
  k2: { scenario: 'k2' },
}

export interface LegacyContext {
  readonly http: HttpClient
  readonly call: RequestCall
  readonly headers: Readonly<Record<string, string>>
}

/** Begins a conversation, and answers its id. */
export async function beginChat({ http, call, headers }: LegacyContext): Promise<string> {
  const body = { name: 'Untitled Chat', is_example: false, enter_method: 'new_chat', kimiplus_id: 'kimi' }
  const response = await http.post('/api/chat', { call, headers, body, mapError: mapSiteError })
  const id = textIn(fieldsOf(await readJson(response)).id)
  if (id === undefined) throw protocolError('began a conversation without an id')
  return id
}

/** Resolves when it is gone. */
export async function deleteChat(id: string, { http, call, headers }: LegacyContext): Promise<void> {
  const path = `/api/chat/${encodeURIComponent(id)}`
  const response = await http.delete(path, { call, headers, mapError: mapSiteError })
  // Not known to be JSON, and of no use unless it reports an error.
  const answer = fieldsOf(parseJson(await readText(response)))
  if (answer.error_type !== undefined) throw response.errorFrom(answer)
}

/** Says the one text of a conversation: only the first message is read there. */
export async function talk(
  id: string,
  content: string,
  files: readonly string[],
  request: ChatCompletionRequest,
  { scenario, kimiplusId = 'kimi', search = false }: SiteModel,
  { http, call, left, headers }: LegacyContext & { readonly left: AbortSignal },
): Promise<HttpResponse> {
  const response = await http.post(`/api/chat/${encodeURIComponent(id)}/completion/stream`, {
    call,
    left,
    headers: { ...headers, referer: `${headers.referer}chat/${encodeURIComponent(id)}` },
    accept: 'text/event-stream',
    mapError: mapSiteError,
    body: {
      messages: [{ role: 'user', content }],
      model: scenario,
      kimiplus_id: kimiplusId,
      use_search: search || wantsSearch(request),
      use_research: false,
      use_math: false,
      refs: files,
      refs_file: [],
      history: [],
      extend: { sidebar: true },
    },
  })
  if (isEventStream(response)) return response
  const json = await readJson(response) // throws what it reports as an `error`
  throw isRecord(json) && json.error_type !== undefined ? response.errorFrom(json) : protocolError('sent no events')
}

/** The answer, event by event: `cmpl` is text, `k1` reasoning, `search_plus` a page that was found. */
export function legacyChunks(response: HttpResponse, chunk: MakeChunk): AsyncIterableIterator<ChatCompletionChunk> {
  let isEnded = false
  const end = (reason: 'stop' | 'length' | 'content_filter') => {
    if (isEnded) return []
    isEnded = true
    return [chunk({}, reason)]
  }
  return events(response, ({ data }) => {
    // What follows the end is no part of the answer.
    if (isEnded) return END
    const event = parse(data)
    const text = textIn(event.text)
    switch (event.event) {
      case 'cmpl':
        return text === undefined ? [] : [chunk({ content: text })]
      case 'k1':
        return text === undefined ? [] : [chunk({ reasoning_content: text })]
      case 'search_plus':
        return citation(fieldsOf(event.msg), chunk)
      case 'length':
        return end('length')
      case 'error':
        if (event.error_type !== undefined || isRecord(event.error)) throw response.errorFrom(event)
        // The site's moderation stops an answer so, without a word.
        return end('content_filter')
      case 'all_done':
        return end('stop')
      default:
        return []
    }
  })
}

function citation({ type, title, url }: Fields, chunk: MakeChunk): ChatCompletionChunk[] {
  if (type !== 'get_res' || typeof url !== 'string') return []
  const url_citation = { url, title: textIn(title) ?? url, start_index: 0, end_index: 0 }
  return [chunk({ annotations: [{ type: 'url_citation', url_citation }] })]
}

function parse(data: string): Fields {
  try {
    return fieldsOf(JSON.parse(data))
  } catch {
    throw protocolError('sent an event that is no JSON')
  }
}

function protocolError(what: string): DragomanError {
  return new DragomanError('upstream_protocol', `${siteName} ${what}`, { origin: 'upstream' })
}
