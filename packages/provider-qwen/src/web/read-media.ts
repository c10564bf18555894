import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest, ContentPart, FilePart, ImageUrlPart } from '@dragoman/openai-schema'
import { fetchMedia } from '@dragoman/upstream'
import type { UploadedFile } from './upload.ts'

interface MediaOptions {
  readonly signal: AbortSignal
  /** Private addresses that media may be fetched from. */
  readonly allow: readonly string[] | undefined
  upload(file: UploadedFile): Promise<string>
}

/** The request without images and files, and where the images are now. Files of text become text, under their names. */
export async function readMedia(
  request: ChatCompletionRequest,
  options: MediaOptions,
): Promise<{ request: ChatCompletionRequest; images: readonly string[] }> {
  const images: string[] = []
  const messages: ChatCompletionRequest['messages'] = []
  for (const [i, message] of request.messages.entries()) {
    if (message.role === 'function' || !Array.isArray(message.content) || !message.content.some(isMedia)) {
      messages.push(message)
      continue
    }
    const content: ContentPart[] = []
    for (const [j, part] of message.content.entries()) {
      const at = `messages[${i}].content[${j}]`
      if (part.type === 'image_url') {
        images.push(await uploaded(part, at, options))
        content.push({ type: 'text', text: `[image ${images.length}]` })
      } else content.push(part.type === 'file' ? await inlined(part, at, options) : part)
    }
    messages.push({ ...message, content })
  }
  return { request: images.length > 0 || messages.some(changed) ? { ...request, messages } : request, images }

  function changed(message: ChatCompletionRequest['messages'][number], i: number): boolean {
    return message !== request.messages[i]
  }
}

function isMedia({ type }: ContentPart): boolean {
  return type === 'image_url' || type === 'file'
}

async function uploaded({ image_url }: ImageUrlPart, at: string, options: MediaOptions): Promise<string> {
  const url = typeof image_url === 'string' ? image_url : image_url.url
  const { signal, allow, upload } = options
  return upload(await fetchMedia(url, { signal, allow, types: ['image/*'], param: `${at}.image_url.url` }))
}

async function inlined({ file }: FilePart, at: string, { signal, allow }: MediaOptions): Promise<ContentPart> {
  const param = `${at}.file.file_data`
  const { bytes, type, name } = await fetchMedia(file.file_data ?? '', { signal, allow, param })
  if (!/^text\/|[/+](json|xml|yaml|x-yaml|toml|sql|javascript|x-ndjson)$/.test(type)) {
    const message = `chat.qwen.ai is given files of text only, and this one is ${type}`
    throw new DragomanError('unsupported_value', message, { param })
  }
  const tag = JSON.stringify(file.filename ?? name)
  return { type: 'text', text: `\n<file name=${tag}>\n${new TextDecoder().decode(bytes)}\n</file>\n` }
}
