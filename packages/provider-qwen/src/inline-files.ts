import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest, ContentPart, FilePart } from '@dragoman/openai-schema'
import { type FetchMediaOptions, fetchMedia } from '@dragoman/upstream'

export type MediaAccess = Pick<FetchMediaOptions, 'signal' | 'allow'>

export function hasFiles({ messages }: ChatCompletionRequest): boolean {
  return messages.some(({ content }) => Array.isArray(content) && content.some(({ type }) => type === 'file'))
}

/** The request with its files as text, each under its name: there is no part of a message for them. */
export async function withFilesInlined(
  request: ChatCompletionRequest,
  access: MediaAccess,
): Promise<ChatCompletionRequest> {
  const messages: ChatCompletionRequest['messages'] = []
  for (const [i, message] of request.messages.entries()) {
    if (message.role === 'function' || !Array.isArray(message.content)) {
      messages.push(message)
      continue
    }
    const content: ContentPart[] = []
    for (const [j, part] of message.content.entries()) {
      content.push(part.type === 'file' ? await inlined(part, `messages[${i}].content[${j}]`, access) : part)
    }
    messages.push({ ...message, content })
  }
  return { ...request, messages }
}

/** A file of text as a part of text. Throws `unsupported_value` for any other, and what `fetchMedia` throws. */
export async function inlined({ file }: FilePart, at: string, access: MediaAccess): Promise<ContentPart> {
  const param = `${at}.file.file_data`
  const { bytes, type, name } = await fetchMedia(file.file_data ?? '', { ...access, param })
  if (!/^text\/|[/+](json|xml|yaml|x-yaml|toml|sql|javascript|x-ndjson)$/.test(type)) {
    throw new DragomanError('unsupported_value', `Qwen is given files of text only, and this one is ${type}`, { param })
  }
  const tag = JSON.stringify(file.filename ?? name)
  return { type: 'text', text: `<file name=${tag}>\n${new TextDecoder().decode(bytes)}\n</file>` }
}

/** The first file that comes by its id, which nobody knows there. */
export function unknownFile({ messages }: ChatCompletionRequest): { param: string; message: string } | undefined {
  for (const [i, { content }] of messages.entries()) {
    const j = Array.isArray(content) ? content.findIndex((part) => part.type === 'file' && !part.file.file_data) : -1
    if (j < 0) continue
    const param = `messages[${i}].content[${j}].type`
    return { param, message: `${param}: Qwen takes files by their data only, not by an id` }
  }
  return undefined
}
