import type { ChatCompletionRequest, ContentPart, ImageUrlPart } from '@dragoman/openai-schema'
import { fetchMedia } from '@dragoman/upstream'
import { inlined, type MediaAccess } from '../inline-files.ts'
import type { UploadedFile } from './upload.ts'

interface MediaOptions extends MediaAccess {
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
