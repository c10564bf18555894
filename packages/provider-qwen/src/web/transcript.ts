import type { ChatMessage, ContentPart, MessageContent } from '@dragoman/openai-schema'

/**
 * A conversation as the one text that the site takes: instructions first, then what was said. A single message stands
 * for itself; several are told apart by tags, which text inside of them cannot close.
 */
export function transcriptOf(messages: readonly ChatMessage[]): string {
  const isInstruction = ({ role }: ChatMessage) => role === 'system' || role === 'developer'
  const instructions = messages.filter(isInstruction).map(({ content }) => textOf(content))
  const turns = messages.filter((message) => !isInstruction(message))
  const said =
    turns.length === 1 && turns[0]?.role === 'user'
      ? [textOf(turns[0].content)]
      : [
          ...turns.map(({ role, content }) => `<message role="${role}">\n${escaped(textOf(content))}\n</message>`),
          ...(turns.length > 1
            ? ['The messages above are our conversation. Go on with your next one, without tags.']
            : []),
        ]
  return [...instructions, ...said].filter((text) => text !== '').join('\n\n')
}

/** Other parts than text have been replaced or refused before. */
export function textOf(content: MessageContent | null | undefined): string {
  return Array.isArray(content) ? content.map(partText).join('\n') : (content ?? '')
}

function partText(part: ContentPart): string {
  if (part.type === 'refusal') return part.refusal
  return 'text' in part && typeof part.text === 'string' ? part.text : ''
}

function escaped(text: string): string {
  return text.replace(/<(?=\/?message[\s>])/g, '&lt;')
}
