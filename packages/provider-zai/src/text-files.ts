import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest, ChatMessage, ContentPart, FilePart } from '@dragoman/openai-schema'
import { fetchMedia } from '@dragoman/upstream'

export interface MediaAccess {
  readonly signal: AbortSignal
  /** Private addresses that media may come from. */
  readonly allow: readonly string[] | undefined
}

/**
 * Puts text files where they would be read: into the message, with their name. Neither door takes files, so others are
 * refused, with `unsupported_value`. A request without files comes back as the same object.
 */
export async function withTextFiles(
  request: ChatCompletionRequest,
  access: MediaAccess,
): Promise<ChatCompletionRequest> {
  const read = new Map<ContentPart, ContentPart>()
  for (const [i, { content }] of request.messages.entries()) {
    if (!Array.isArray(content)) continue
    for (const [j, part] of content.entries()) {
      if (part.type !== 'file') continue
      read.set(part, { type: 'text', text: await textOf(part, `messages[${i}].content[${j}].file`, access) })
    }
  }
  if (read.size === 0) return request
  const messages = request.messages.map((message): ChatMessage => {
    if (message.role === 'function' || !Array.isArray(message.content)) return message
    return { ...message, content: message.content.map((part) => read.get(part) ?? part) }
  })
  return { ...request, messages }
}

async function textOf({ file }: FilePart, param: string, access: MediaAccess): Promise<string> {
  if (!file.file_data) {
    throw new DragomanError('unsupported_value', 'A file has to come with its content in file_data', { param })
  }
  const media = await fetchMedia(file.file_data, { ...access, param: `${param}.file_data` })
  if (!isText(media.type)) {
    const message = `Text files are taken, and images by models that see; this file is ${media.type}`
    throw new DragomanError('unsupported_value', message, { param: `${param}.file_data` })
  }
  const name = file.filename || media.name
  return `<file name=${JSON.stringify(name)}>\n${Buffer.from(media.bytes).toString()}\n</file>`
}

function isText(type: string): boolean {
  return type.startsWith('text/') || /^application\/(.*\+)?(json|xml|yaml|x-yaml|toml|javascript)$/.test(type)
}
