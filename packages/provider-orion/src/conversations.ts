import type { Call, Clock } from '@dragoman/core'
import { createMadeChats } from '@dragoman/upstream'
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
  /** Of the provider, for the names of notes. */
  readonly provider: string
  readonly service: OrionService
  readonly projects: ProjectFinder
  readonly clock: Clock
  /** Whether they stay in the account. */
  readonly keep: boolean
}

/** Each answer has a conversation of its own, and only those that were made here are ever deleted. */
export function createConversations({ provider, service, projects, clock, keep }: ConversationsOptions): Conversations {
  const chats = createMadeChats({
    provider,
    clock,
    remove: keep ? undefined : (name, call) => service.deleteConversation(conversationOf(name), call),
  })

  return {
    async start(call, left) {
      const name = await chats.begin(call, left, async (making) => {
        const projectId = await projects.find(call, left)
        // Nothing is made for one who has left before.
        for (const signal of [left, call.signal]) signal.throwIfAborted()
        try {
          return nameOf(await service.createConversation(projectId, making))
        } catch (error) {
          // Perhaps because the project is gone, or is no longer the account's.
          await projects.forget(call)
          throw error
        }
      })
      return conversationOf(name)
    },
    end: (conversation, call) => chats.end(nameOf(conversation), call),
    close: () => chats.close(),
  }
}

/** With the project, which a deletion has to name too. */
function nameOf({ projectId, id }: Conversation): string {
  return `${encodeURIComponent(projectId)}/${encodeURIComponent(id)}`
}

function conversationOf(name: string): Conversation {
  const [projectId = '', id = ''] = name.split('/', 2).map(decodeURIComponent)
  return { projectId, id }
}
