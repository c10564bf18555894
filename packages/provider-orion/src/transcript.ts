import type { ChatMessage, MessageContent } from '@dragoman/openai-schema'

/**
 * A conversation as the one text that the service takes: a single message of the user as it is, else every message
 * behind the name of its role.
 */
export function transcriptOf(messages: readonly ChatMessage[]): string {
  const [first] = messages
  if (messages.length === 1 && first?.role === 'user') return textOf(first.content)
  return messages.map(({ role, content }) => `${speakers[role]}: ${textOf(content).trim()}`).join('\n')
}

const speakers: Readonly<Record<ChatMessage['role'], string>> = {
  system: 'System',
  developer: 'System',
  user: 'User',
  assistant: 'Assistant',
  tool: 'Tool',
  function: 'Tool',
}

/** Other parts than text were refused before. */
export function textOf(content: MessageContent | null | undefined): string {
  if (!Array.isArray(content)) return content ?? ''
  return content
    .map((part) => {
      if (part.type === 'refusal') return part.refusal
      return 'text' in part && typeof part.text === 'string' ? part.text : ''
    })
    .join('\n')
}
