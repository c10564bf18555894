import { type Call, type Clock, DragomanError } from '@dragoman/core'
import { type HttpClient, parseJson, type RemovalCall, readJson, readText } from '@dragoman/upstream'
import { fieldsOf } from './fields-of.ts'
import { mapWebError } from './web-errors.ts'
import { type HeaderOptions, sessionOf, webHeaders } from './web-session.ts'

export interface ConversationsOptions extends HeaderOptions {
  readonly http: HttpClient
  readonly clock: Clock
  /** Empty where the protocol knows none. */
  readonly agentId: string
}

/** The calls of the site that make a conversation, whose id it answers, and delete one. */
export function webConversations({ http, clock, agentId, ...site }: ConversationsOptions) {
  return {
    async create(call: Call): Promise<string> {
      const session = sessionOf(call.credential)
      const response = await http.post('/api/v1/session-create', {
        call: { ...call, credential: session.credential },
        body: { model: '', agentId },
        headers: webHeaders(session, site),
        // Making them fast is limited; how long to rest is left to the pool, which begins with a second.
        mapError: mapWebError(clock),
      })
      const json = fieldsOf(await readJson(response))
      const { conversationId } = fieldsOf(json.data)
      if (Number(json.code ?? 0) !== 0) throw response.errorFrom(json)
      if (typeof conversationId !== 'string' || conversationId === '') {
        throw new DragomanError('upstream_protocol', 'LongCat made a conversation without an id', {
          origin: 'upstream',
        })
      }
      return conversationId
    },

    async remove(id: string, call: RemovalCall): Promise<void> {
      const session = sessionOf(call.credential)
      const response = await http.get(`/api/v1/session-delete?conversationId=${encodeURIComponent(id)}`, {
        call: { ...call, credential: session.credential },
        headers: webHeaders(session, site, id),
      })
      // What the site says to a deletion is not known to be JSON.
      const json = fieldsOf(parseJson(await readText(response)))
      if (Number(json.code ?? 0) !== 0) throw response.errorFrom(json)
    },
  }
}
