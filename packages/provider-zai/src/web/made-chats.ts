import { type Call, DragomanError, toDragomanError, untilAborted } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { type HttpClient, readJson } from '@dragoman/upstream'
import { isRecord } from '../record.ts'
import { encodeChat } from './encode-request.ts'
import { mapWebError } from './errors.ts'
import type { WebModel } from './models.ts'
import type { Session } from './session.ts'

/** No answer takes longer: what is older was left behind by a process that ended. */
const longestAnswerMs = 60 * 60_000
const sweepEveryMs = 10 * 60_000
const sweptAtOnce = 10
const notedForMs = 7 * 24 * 60 * 60_000
/** The end of the process waits for it. */
const removalMs = 5_000

export interface MakeChat {
  readonly model: WebModel
  readonly request: ChatCompletionRequest
  readonly prompt: string
  readonly userMessageId: string
  readonly session: Session
  readonly call: Call
  readonly left: AbortSignal
}

export interface Chats {
  /** Makes one; its id. */
  make(about: MakeChat): Promise<string>
  /** Its answer is over: it goes in the background, whatever becomes of the caller. */
  leave(id: string, session: Session, call: Call): void
  /** Resolves when nothing of it runs any more: what is being removed is removed first. */
  close(): Promise<void>
}

export interface ChatsOptions {
  readonly http: HttpClient
  readonly now: () => number
  /** Undefined where it cannot be done: then they stay, and nothing is noted. */
  readonly remove: ((id: string, token: string, signal: AbortSignal) => Promise<void>) | undefined
}

/** Conversations that are made for one answer each, and removed after it. No others are ever removed. */
export function createChats({ http, now, remove }: ChatsOptions): Chats {
  const closing = new AbortController()
  const background = new Set<Promise<void>>()
  const run = (work: () => Promise<void>) => {
    const running = work()
      .catch(() => {
        // The note stays, and a later sweep tries again.
      })
      .finally(() => background.delete(running))
    background.add(running)
  }

  async function removeNoted(id: string, { token }: Session, call: Call): Promise<void> {
    if (!remove) return
    await remove(id, token, AbortSignal.timeout(removalMs))
    await call.state.delete(noteOf(call, id))
  }

  async function sweep(session: Session, call: Call): Promise<void> {
    const { state, credential } = call
    const isDue = await state.set(`${prefix}swept:${credential.id}`, '1', { ttlMs: sweepEveryMs, ifAbsent: true })
    if (!remove || !isDue) return
    const start = noteOf(call, '')
    let left = sweptAtOnce
    for (const key of (await state.scan(start, 100)).keys) {
      if (left === 0 || closing.signal.aborted) return
      const madeAt = Number(await state.get(key))
      if (madeAt + longestAnswerMs > now()) continue
      left--
      await removeNoted(key.slice(start.length), session, call)
    }
  }

  return {
    async make({ model, request, prompt, userMessageId, session, call, left }) {
      if (call.signal.aborted) throw toDragomanError(call.signal.reason, call.signal)
      const headers = { authorization: `Bearer ${session.token}` }
      const body = encodeChat({ model, request, prompt, userMessageId, now: now() })
      const making = async () => {
        // Not ended by the caller's leaving: only its answer tells what there is to remove.
        const options = { call: { ...call, signal: closing.signal }, headers, body, mapError: mapWebError }
        const id = idIn(await readJson(await http.post('/api/v1/chats/new', options)))
        if (remove) await call.state.set(noteOf(call, id), String(now()), { ttlMs: notedForMs })
        return id
      }
      const made = making()
      try {
        const id = await untilAborted(made, AbortSignal.any([call.signal, left]))
        run(() => sweep(session, call))
        return id
      } catch (error) {
        run(async () => removeNoted(await made, session, call))
        throw toDragomanError(error, call.signal)
      }
    },
    leave: (id, session, call) => run(() => removeNoted(id, session, call)),
    async close() {
      closing.abort(new DragomanError('aborted', 'The provider was closed'))
      await Promise.all(background)
    },
  }
}

const prefix = 'zai-web:'

function noteOf({ credential }: Call, id: string): string {
  return `${prefix}made:${credential.id}:${id}`
}

function idIn(answer: unknown): string {
  const chat = isRecord(answer) ? answer.chat : undefined
  const id = isRecord(answer) ? (answer.id ?? (isRecord(chat) ? chat.id : undefined)) : undefined
  if (typeof id === 'string' && id !== '') return id
  throw new DragomanError('upstream_protocol', 'chat.z.ai made a chat and gave it no id', { origin: 'upstream' })
}
