import {
  type Call,
  type Clock,
  DragomanError,
  type Endpoint,
  type EndpointAnswer,
  type EndpointRequest,
} from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { imageAnswer, readImageRequest } from '@dragoman/upstream'
import { readVariant } from './model-variant.ts'

const provider = 'chat.qwen.ai'

/** Pictures are chats there, of another kind. */
export const imageEndpoints = ['images/generations', 'images/edits'] as const satisfies readonly Endpoint[]

export interface ImageEndpointOptions {
  readonly clock: Clock
  readonly mediaFrom: readonly string[] | undefined
  chat(request: ChatCompletionRequest, call: Call): AsyncIterable<ChatCompletionChunk>
}

/** A picture by a chat of its own: what the chat answers as Markdown is its address. */
export async function serveImages(
  { endpoint, model, body }: EndpointRequest,
  call: Call,
  { clock, mediaFrom, chat }: ImageEndpointOptions,
): Promise<EndpointAnswer> {
  const { prompt, fields, images } = await readImageRequest(body, { provider, mostImages: 1 })
  const isEdit = endpoint === 'images/edits'
  if (isEdit && images.length === 0) {
    const message = 'image: required; expected a picture to edit'
    throw new DragomanError('invalid_request', message, { param: 'image', publicCode: 'missing_required_parameter' })
  }
  const shown = isEdit ? images.map((url) => ({ type: 'image_url' as const, image_url: { url } })) : []
  const request: ChatCompletionRequest & { size?: unknown } = {
    model: readVariant(model, undefined).model + (isEdit ? '-image-edit' : '-image'),
    messages: [{ role: 'user', content: isEdit ? [...shown, { type: 'text', text: prompt }] : prompt }],
    ...(fields.size !== 'auto' && { size: fields.size }),
  }
  let text = ''
  for await (const { choices } of chat(request, call)) text += choices[0]?.delta.content ?? ''
  const urls = [...text.matchAll(/!\[[^\]]*\]\((https?:\/\/[^\s)]+)\)/g)].flatMap(([, url]) => url ?? [])
  const { response_format: format } = fields
  return imageAnswer(urls, { format, provider, now: clock.now(), signal: call.signal, allow: mediaFrom })
}
