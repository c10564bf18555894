import type { ChatMessage, ContentPart } from '@dragoman/openai-schema'

/**
 * The messages with another part in place of each, one after the other. The same array, and the same messages in it,
 * where nothing changes.
 *
 * @param replace gets the part's place too: `messages[0].content[1]`
 */
export async function replacedParts(
  messages: ChatMessage[],
  replace: (part: ContentPart, place: string) => Promise<ContentPart>,
): Promise<ChatMessage[]> {
  const replaced: ChatMessage[] = []
  for (const [i, message] of messages.entries()) {
    if (!Array.isArray(message.content)) {
      replaced.push(message)
      continue
    }
    const parts: ContentPart[] = []
    for (const [j, part] of message.content.entries()) parts.push(await replace(part, `messages[${i}].content[${j}]`))
    const isSame = parts.every((part, j) => part === message.content?.[j])
    replaced.push(isSame ? message : ({ ...message, content: parts } as ChatMessage)) // of the same role
  }
  return replaced.every((message, i) => message === messages[i]) ? messages : replaced
}
