import { type Call, type Clock, DragomanError, toDragomanError, untilAborted } from '@dragoman/core'

export interface MadeChats {
  /** A new one, noted so that it is deleted whatever happens to us. */
  start(call: Call, left: AbortSignal, make: (call: Call) => Promise<string>): Promise<string>
  /** Deletes it in the background. */
  end(chatId: string, call: Call): void
  /** Resolves when nothing of it runs any more. */
  close(): Promise<void>
}

interface MadeChatsOptions {
  readonly clock: Clock
  /** Undefined: they stay, and nothing is noted. */
  readonly remove: ((chatId: string, call: Call) => Promise<void>) | undefined
}

const HOUR_MS = 3_600_000
/** Notes outlive a long absence, but not for ever. */
const NOTE_MS = 30 * 24 * HOUR_MS
/** Longer than any answer takes, so that none is deleted under one. */
const LEFT_OVER_AFTER_MS = 2 * HOUR_MS
const SWEEP_EVERY_MS = 600_000
const SWEEP_AT_MOST = 10

/** The chats that answers were made in. None but those is ever deleted. */
export function createMadeChats({ clock, remove }: MadeChatsOptions): MadeChats {
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

  const removeNoted = async (chatId: string, call: Call) => {
    if (!remove) return
    // Neither the caller's leaving nor ours ends this; `remove` ends itself soon.
    await remove(chatId, { ...call, signal: new AbortController().signal })
    await call.state.delete(noteOf(call, chatId))
  }

  const sweep = async (call: Call) => {
    const { state, credential } = call
    const due = await state.set(`qwen-web:swept:${credential.id}`, '1', { ttlMs: SWEEP_EVERY_MS, ifAbsent: true })
    if (!due) return
    const prefix = noteOf(call, '')
    const { keys } = await state.scan(prefix, 100)
    let removed = 0
    for (const key of keys) {
      const madeAt = Number(await state.get(key))
      if (removed === SWEEP_AT_MOST || !(madeAt + LEFT_OVER_AFTER_MS < clock.now())) continue
      removed++
      await removeNoted(key.slice(prefix.length), call)
    }
  }

  return {
    async start(call, left, make) {
      if (call.signal.aborted) throw toDragomanError(call.signal.reason, call.signal)
      const making = async () => {
        // Not ended by the caller's leaving: only its answer tells what there is to delete.
        const chatId = await make({ ...call, signal: closing.signal })
        if (remove) await call.state.set(noteOf(call, chatId), String(clock.now()), { ttlMs: NOTE_MS })
        return chatId
      }
      const made = making()
      try {
        const chatId = await untilAborted(made, AbortSignal.any([call.signal, left]))
        if (remove) run(() => sweep(call))
        return chatId
      } catch (error) {
        run(async () => removeNoted(await made, call))
        if (left.aborted) throw new DragomanError('aborted', 'The caller left')
        throw toDragomanError(error, call.signal)
      }
    },
    end: (chatId, call) => run(() => removeNoted(chatId, call)),
    async close() {
      closing.abort()
      await Promise.all(background)
    },
  }
}

function noteOf({ credential }: Call, chatId: string): string {
  return `qwen-web:made:${credential.id}:${chatId}`
}
