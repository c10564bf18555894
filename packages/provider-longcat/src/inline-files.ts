import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest, ChatMessage, ContentPart, FilePart } from '@dragoman/openai-schema'
import { type FetchMediaOptions, fetchMedia } from '@dragoman/upstream'
import { isTextType, urlOf } from './text-only.ts'

export function hasFiles({ messages }: ChatCompletionRequest): boolean {
  return messages.some(({ content }) => Array.isArray(content) && content.some(({ type }) => type === 'file'))
}

/**
 * Files as text with their name, for a service that takes none. Throws `unsupported_value` for one that is no text, and
 * what `fetchMedia` throws.
 */
export async function withFilesInlined(
  request: ChatCompletionRequest,
  options: Pick<FetchMediaOptions, 'signal' | 'allow' | 'clock'>,
): Promise<ChatCompletionRequest> {
  const messages: ChatMessage[] = []
  for (const [i, message] of request.messages.entries()) {
    const { content } = message
    if (!Array.isArray(content)) {
      messages.push(message)
      continue
    }
    const parts: ContentPart[] = []
    for (const [j, part] of content.entries()) {
      const param = `messages[${i}].content[${j}].file.file_data`
      parts.push(part.type === 'file' ? await inlined(part, { ...options, param }) : part)
    }
    messages.push({ ...message, content: parts } as ChatMessage) // the same kind of message with other parts
  }
  return { ...request, messages }
}

async function inlined(part: FilePart, options: FetchMediaOptions): Promise<ContentPart> {
  const { param } = options
  const url = urlOf(part)
  if (url === undefined) throw new DragomanError('unsupported_value', 'LongCat knows no file_id', { param })
  const { bytes, type, name } = await fetchMedia(url, options)
  if (!isTextType(type)) {
    throw new DragomanError('unsupported_value', `LongCat takes text only, and a file of ${type} is none`, { param })
  }
  const label = JSON.stringify(part.file.filename ?? name)
  return { type: 'text', text: `<file name=${label}>\n${new TextDecoder().decode(bytes)}\n</file>` }
}
