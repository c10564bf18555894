import { type Call, type Clock, toDragomanError, untilAborted } from '@dragoman/core'
import { isRecord } from './is-record.ts'
import type { ProjectFinder } from './project-finder.ts'
import type { Conversation, OrionService } from './service.ts'

export interface Conversations {
  /** A new one, noted so that it will be deleted whatever happens to us. */
  start(call: Call, left: AbortSignal): Promise<Conversation>
  /** Deletes it in the background. */
  end(conversation: Conversation, call: Call): void
  /** Resolves when nothing of it runs any more. */
  close(): Promise<void>
}

interface ConversationsOptions {
  readonly service: OrionService
  readonly projects: ProjectFinder
  readonly clock: Clock
  /** Whether they stay in the account: then nothing is noted, and nothing deleted. */
  readonly keep: boolean
}

/** Notes outlive a long absence, but not for ever. */
const NOTE_MS = 30 * 24 * 3_600_000
/** Longer than any answer takes, so that none is deleted under one. */
const LEFT_OVER_AFTER_MS = 2 * 3_600_000
const SWEEP_EVERY_MS = 600_000
const SWEEP_AT_MOST = 10

/** Each answer has a conversation of its own, and only those that were made here are ever deleted. */
export function createConversations({ service, projects, clock, keep }: ConversationsOptions): Conversations {
  const background = new Set<Promise<void>>()
  const closing = new AbortController()

  const run = (work: () => Promise<void>) => {
    const running = work()
      .catch(() => {
        // The note stays, and the next sweep tries again.
      })
      .finally(() => background.delete(running))
    background.add(running)
  }

  const make = async (call: Call, left: AbortSignal): Promise<Conversation> => {
    const projectId = await projects.find(call, left)
    if (left.aborted || call.signal.aborted) throw left.aborted ? left.reason : call.signal.reason
    try {
      // Not ended by the caller's leaving: only its answer tells what there is to delete.
      const conversation = await service.createConversation(projectId, {
        ...call,
        signal: new AbortController().signal,
      })
      if (!keep) {
        const note = JSON.stringify({ projectId, at: clock.now() })
        await call.state.set(noteOf(call, conversation.id), note, { ttlMs: NOTE_MS })
      }
      return conversation
    } catch (error) {
      // Perhaps because the project is gone, or is no longer the account's.
      await projects.forget(call)
      throw error
    }
  }

  const remove = async (conversation: Conversation, call: Call) => {
    await service.deleteConversation(conversation, { credential: call.credential, signal: closing.signal })
    await call.state.delete(noteOf(call, conversation.id))
  }

  const sweep = async (call: Call) => {
    const { state, credential } = call
    const isDue = await state.set(`orion-web:swept:${credential.id}`, '', { ttlMs: SWEEP_EVERY_MS, ifAbsent: true })
    if (!isDue) return
    const prefix = noteOf(call, '')
    const { keys } = await state.scan(prefix, 100)
    const found = await Promise.all(
      keys.map(async (key) => ({ id: key.slice(prefix.length), note: readNote(await state.get(key)) })),
    )
    const old = found.flatMap(({ id, note }) =>
      note && note.at + LEFT_OVER_AFTER_MS < clock.now() ? [{ id, projectId: note.projectId }] : [],
    )
    for (const conversation of old.slice(0, SWEEP_AT_MOST)) await remove(conversation, call)
  }

  const end = (conversation: Conversation, call: Call) => {
    if (!keep) run(() => remove(conversation, call))
  }

  return {
    end,

    async start(call, left) {
      const making = make(call, left)
      try {
        const conversation = await untilAborted(making, AbortSignal.any([call.signal, left]))
        if (!keep) run(() => sweep(call))
        return conversation
      } catch (error) {
        making.then(
          (late) => end(late, call),
          () => {}, // told below, or to nobody
        )
        throw toDragomanError(error, left.aborted ? left : call.signal)
      }
    },

    async close() {
      await Promise.all(background)
      closing.abort()
    },
  }
}

function noteOf({ credential }: Call, id: string): string {
  return `orion-web:made:${credential.id}:${id}`
}

function readNote(text: string | undefined): { readonly projectId: string; readonly at: number } | undefined {
  const note: unknown = text === undefined ? undefined : JSON.parse(text)
  if (!isRecord(note) || typeof note.projectId !== 'string' || typeof note.at !== 'number') return undefined
  return { projectId: note.projectId, at: note.at }
}
