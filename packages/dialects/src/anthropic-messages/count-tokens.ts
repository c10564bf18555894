import { estimateUsage, utf8Length } from '@dragoman/core'
import type { ChatCompletionRequest, ChatMessage, ContentPart } from '@dragoman/openai-schema'
import { Findings } from '../findings.ts'
import { imageSize } from './image-size.ts'
import { readRequest } from './read-request.ts'
import { checkCountRequest } from './request-schema.ts'

/**
 * An estimate for `POST /v1/messages/count_tokens`: a token for every four bytes of text in system, tools and messages,
 * and images by their size. Throws as `readRequest` of `messagesClient` does.
 */
export function countTokens(body: unknown): number {
  const chat = readRequest(checkCountRequest(body), undefined, new Findings())
  return estimateUsage(chat, 0).prompt_tokens + Math.ceil(reasoningBytes(chat) / 4) + mediaTokens(chat.messages)
}

function reasoningBytes({ messages }: ChatCompletionRequest): number {
  let bytes = 0
  for (const message of messages) {
    if (message.role === 'assistant') bytes += utf8Length(message.reasoning_content ?? '')
  }
  return bytes
}

function mediaTokens(messages: readonly ChatMessage[]): number {
  let tokens = 0
  for (const { content } of messages) {
    if (Array.isArray(content)) for (const part of content) tokens += partTokens(part)
  }
  return tokens
}

/** An image is made smaller until it costs no more than this. */
const mostPerImage = 1600

function partTokens(part: ContentPart): number {
  switch (part.type) {
    case 'image_url': {
      const url = typeof part.image_url === 'string' ? part.image_url : part.image_url.url
      const size = imageSize(url)
      return size ? Math.min(mostPerImage, Math.ceil((size.width * size.height) / 750)) : mostPerImage
    }
    case 'file':
      // Base64 has four characters for three bytes of the file.
      return Math.ceil(((part.file.file_data?.length ?? 0) * 3) / 16)
    default:
      return 0
  }
}
