import type { ChatMessage, MessageContent } from '@dragoman/openai-schema'

/** One turn of a conversation, for a site that takes a single text. */
export interface Turn {
  readonly speaker: 'System' | 'User' | 'Assistant'
  readonly text: string
}

/**
 * The messages as turns, nothing left out but what is no text: media are refused before, files have become text, and
 * calls and results are in the content already (`promptTools`).
 */
export function turnsOf(messages: readonly ChatMessage[]): Turn[] {
  return messages.flatMap((message) => {
    const text = textOf(message.content)
    return text === '' ? [] : [{ speaker: speakers[message.role], text }]
  })
}

const speakers: Readonly<Record<ChatMessage['role'], Turn['speaker']>> = {
  developer: 'System',
  system: 'System',
  user: 'User',
  assistant: 'Assistant',
  tool: 'User',
  function: 'User',
}

/** A question alone is sent as it is; in a conversation each turn says whose it is. */
export function written(turns: readonly Turn[], assistant = 'Assistant'): string {
  const [only] = turns
  if (turns.length === 1 && only) return only.text
  return turns.map(({ speaker, text }) => `${speaker === 'Assistant' ? assistant : speaker}: ${text}`).join('\n')
}

function textOf(content: MessageContent | null | undefined): string {
  if (typeof content === 'string') return content
  const texts = (content ?? []).flatMap((part) => {
    if (part.type === 'refusal') return [part.refusal]
    return 'text' in part && typeof part.text === 'string' ? [part.text] : []
  })
  return texts.join('\n')
}
