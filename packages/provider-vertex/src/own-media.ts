import type { ChatMessage, ContentPart } from '@dragoman/openai-schema'
import { fetchMedia } from '@dragoman/upstream'

export interface MediaAccess {
  readonly signal: AbortSignal
  /** Private addresses that media may be fetched from. */
  readonly allow?: readonly string[] | undefined
}

/** Whether images have to be fetched: the endpoint takes `gs:` and `data:` only. */
export function hasRemoteImages(messages: readonly ChatMessage[]): boolean {
  return messages.some(({ content }) => Array.isArray(content) && content.some((part) => remoteUrl(part) !== undefined))
}

/** The messages with the data of remote images in place of their addresses. */
export async function withImageData(messages: readonly ChatMessage[], access: MediaAccess): Promise<ChatMessage[]> {
  const filled: ChatMessage[] = []
  for (const [i, message] of messages.entries()) {
    if (!Array.isArray(message.content)) {
      filled.push(message)
      continue
    }
    const content: ContentPart[] = []
    for (const [j, part] of message.content.entries()) {
      const url = remoteUrl(part)
      const param = `messages[${i}].content[${j}].image_url`
      content.push(url === undefined ? part : { ...part, ...(await imagePart(url, { ...access, param })) })
    }
    filled.push({ ...message, content } as ChatMessage) // of the same role
  }
  return filled
}

async function imagePart(url: string, access: MediaAccess & { readonly param: string }): Promise<ContentPart> {
  const { bytes, type } = await fetchMedia(url, { ...access, types: ['image/*'] })
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return { type: 'image_url', image_url: { url: `data:${type};base64,${data}` } }
}

function remoteUrl(part: ContentPart): string | undefined {
  if (part.type !== 'image_url') return undefined
  const url = typeof part.image_url === 'string' ? part.image_url : part.image_url.url
  return /^\s*https?:/i.test(url) ? url : undefined
}
