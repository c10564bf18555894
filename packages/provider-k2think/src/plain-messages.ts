import { promptTools } from '@dragoman/normalizer'
import type { ChatCompletionRequest, ContentPart, MessageContent } from '@dragoman/openai-schema'
import { fileText, type MediaOptions } from './file-text.ts'
import { isHosted } from './refusal.ts'

/** As both doors take a message: three roles, content as text. */
export interface PlainMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** The conversation as text: tools as a prompt, calls and results written out, text files under their names. */
export async function plainMessages(request: ChatCompletionRequest, media: MediaOptions): Promise<PlainMessage[]> {
  // First, while messages and parts are still where the client put them: an error names the place.
  const texts = await Promise.all(
    request.messages.map(async (message, i) => ({
      ...message,
      content: await textOf(message.content, `messages[${i}]`, media),
    })),
  )
  const tools = request.tools?.filter((tool) => !isHosted(tool))
  const { messages } = promptTools({ ...request, tools, messages: texts })
  return messages.map(({ role, content }) => ({
    role: role === 'assistant' || role === 'user' ? role : 'system',
    content,
  }))
}

async function textOf(content: MessageContent | null | undefined, path: string, media: MediaOptions): Promise<string> {
  if (!Array.isArray(content)) return content ?? ''
  const texts = await Promise.all(content.map((part, i) => partText(part, `${path}.content[${i}]`, media)))
  return texts.filter((text) => text !== '').join('\n')
}

async function partText(part: ContentPart, path: string, media: MediaOptions): Promise<string> {
  if (part.type === 'file') return fileText(part, path, media)
  if (part.type === 'refusal') return part.refusal
  // Reasoning of an earlier answer; the model's own template leaves it out as well.
  if (part.type === 'thinking') return ''
  return 'text' in part && typeof part.text === 'string' ? part.text : ''
}
