import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest, ContentPart, FilePart } from '@dragoman/openai-schema'
import { type FetchMediaOptions, fetchMedia } from '@dragoman/upstream'

/** Files of text become text, under their names; the service takes nothing else. Other files are `unsupported_value`. */
export async function inlineFiles(
  request: ChatCompletionRequest,
  fetching: FetchMediaOptions,
): Promise<ChatCompletionRequest> {
  const hasFile = request.messages.some(({ content }) => Array.isArray(content) && content.some(isFile))
  if (!hasFile) return request
  const messages = await Promise.all(
    request.messages.map(async (message, i) => {
      // The content of a legacy function's result is a string or nothing.
      if (message.role === 'function' || !Array.isArray(message.content)) return message
      const parts = message.content.map((part, j) => {
        return isFile(part) ? inlined(part, `messages[${i}].content[${j}].file`, fetching) : part
      })
      return { ...message, content: await Promise.all(parts) }
    }),
  )
  return { ...request, messages }
}

function isFile(part: ContentPart): part is FilePart {
  return part.type === 'file'
}

async function inlined({ file }: FilePart, param: string, fetching: FetchMediaOptions): Promise<ContentPart> {
  if (!file.file_data) {
    throw new DragomanError('unsupported_value', 'Orion takes files by their data only, not by an id', { param })
  }
  const { bytes, type, name } = await fetchMedia(file.file_data, { ...fetching, param: `${param}.file_data` })
  if (!/^text\/|[/+](json|xml|yaml|x-yaml|javascript|x-ndjson|toml|sql)$/.test(type)) {
    const message = `Orion takes files of text only, and this one is ${type}`
    throw new DragomanError('unsupported_value', message, { param: `${param}.file_data` })
  }
  const title = JSON.stringify(file.filename ?? name)
  return { type: 'text', text: `<file name=${title}>\n${new TextDecoder().decode(bytes)}\n</file>` }
}
