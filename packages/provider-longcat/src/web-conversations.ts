import type { Call, Clock, StateStore } from '@dragoman/core'
import { DragomanError } from '@dragoman/core'
import { type HttpClient, readJson, readText } from '@dragoman/upstream'
import { fieldsOf } from './fields-of.ts'
import { mapWebError } from './web-errors.ts'
import { type HeaderOptions, type WebSession, webHeaders } from './web-session.ts'

const NOTE_TTL_MS = 7 * 24 * 3_600_000
/** Longer than any answer takes, so that no other request's conversation is taken away from it. */
const OLD_MS = 2 * 3_600_000
const SWEEP_EVERY_MS = 600_000
const MOST_SWEPT = 10
const MOST_LOOKED_AT = 100

export interface ConversationsOptions extends HeaderOptions {
  readonly http: HttpClient
  readonly clock: Clock
  /** Of the provider, for the names of notes. */
  readonly id: string
  readonly keep: boolean
  /** Empty where the protocol knows none. */
  readonly agentId: string
}

/** Conversations of an account: one for each request, deleted after it. Only those made here are. */
export class WebConversations {
  readonly #options: ConversationsOptions
  readonly #background = new Set<Promise<void>>()

  constructor(options: ConversationsOptions) {
    this.#options = options
  }

  /** Makes one and notes it down. */
  async create(session: WebSession, call: Call, left: AbortSignal): Promise<string> {
    const { http, clock, keep, agentId } = this.#options
    const response = await http.post('/api/v1/session-create', {
      call: { ...call, credential: session.credential },
      left,
      body: { model: '', agentId },
      headers: webHeaders(session, this.#options),
      // Making them fast is limited; how long to rest is left to the pool, which begins with a second.
      mapError: mapWebError(clock),
    })
    const json = fieldsOf(await readJson(response))
    const { conversationId } = fieldsOf(json.data)
    if (Number(json.code ?? 0) !== 0) throw response.errorFrom(json)
    if (typeof conversationId !== 'string' || conversationId === '') {
      throw new DragomanError('upstream_protocol', 'LongCat made a conversation without an id', { origin: 'upstream' })
    }
    if (!keep) {
      const note = this.#note(session, conversationId)
      // Without the note it is deleted all the same, only not after a crash.
      await call.state.set(note, String(clock.now()), { ttlMs: NOTE_TTL_MS }).catch(() => false)
    }
    return conversationId
  }

  /** Deletes it in the background, and some that are left from before. */
  discard(session: WebSession, state: StateStore, conversationId: string): void {
    if (this.#options.keep) return
    const work = this.#clean(session, state, conversationId).catch(() => {
      // A note that stays is found again by a later sweep.
    })
    this.#background.add(work)
    void work.then(() => this.#background.delete(work))
  }

  /** Waits for what is done in the background. */
  async settle(): Promise<void> {
    await Promise.all(this.#background)
  }

  async #clean(session: WebSession, state: StateStore, conversationId: string): Promise<void> {
    await this.#delete(session, state, conversationId)
    const { id, clock } = this.#options
    const swept = `${id}:swept:${encodeURIComponent(session.credential.id)}`
    if (!(await state.set(swept, '1', { ttlMs: SWEEP_EVERY_MS, ifAbsent: true }))) return
    const prefix = this.#note(session, '')
    const { keys } = await state.scan(prefix, MOST_LOOKED_AT)
    let count = 0
    for (const key of keys) {
      if (count >= MOST_SWEPT) break
      const notedAt = Number(await state.get(key))
      if (!(clock.now() - notedAt >= OLD_MS)) continue
      count++
      await this.#delete(session, state, key.slice(prefix.length))
    }
  }

  async #delete(session: WebSession, state: StateStore, conversationId: string): Promise<void> {
    const { http } = this.#options
    const response = await http.get(`/api/v1/session-delete?conversationId=${encodeURIComponent(conversationId)}`, {
      // Neither the caller's leaving nor a slow site is to matter here.
      call: {
        signal: new AbortController().signal,
        credential: session.credential,
        limits: { connectMs: 5_000, wholeHeadersMs: 5_000, idleMs: 5_000 },
      },
      headers: webHeaders(session, this.#options, conversationId),
    })
    const { code = 0 } = fieldsOf(parse(await readText(response)))
    if (Number(code) !== 0) return // it may still be there: a later sweep sees to it
    await state.delete(this.#note(session, conversationId))
  }

  #note({ credential }: WebSession, conversationId: string): string {
    return `${this.#options.id}:made:${encodeURIComponent(credential.id)}:${conversationId}`
  }
}

/** What the site says to a deletion is not known to be JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
