import { completionToChunks, toDragomanError } from '@dragoman/core'
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import type { ReasoningSeal } from '../reasoning-seal.ts'
import { messagesClient } from './client.ts'

/** What a model answers to a request: chunks, or a whole completion, which is streamed where a stream is asked for. */
export type Model = (chat: ChatCompletionRequest) => readonly ChatCompletionChunk[] | ChatCompletion

/** A server's `POST /v1/messages` in this process. Keeps the requests as they were read. */
export function front(model: Model, seal?: ReasoningSeal) {
  const chats: ChatCompletionRequest[] = []
  const fetch = async (_url: unknown, init?: { body?: unknown }): Promise<Response> => {
    try {
      const read = messagesClient.readRequest(JSON.parse(String(init?.body)), { seal })
      chats.push(read.chat)
      const answer = model(read.chat)
      if (!read.chat.stream) {
        if (!('object' in answer)) throw new Error('This test has no whole answer')
        return Response.json(read.whole(answer))
      }
      const frames = framesOf(read.encoder(), 'object' in answer ? completionToChunks(answer) : answer)
      return new Response(frames, { headers: { 'content-type': 'text/event-stream' } })
    } catch (cause) {
      const error = toDragomanError(cause)
      return Response.json(messagesClient.errorBody(error, 'req_1'), { status: error.status })
    }
  }
  return { fetch, chats }
}

export function framesOf(
  encoder: { chunk(chunk: ChatCompletionChunk): string; end(): string },
  chunks: readonly ChatCompletionChunk[],
): string {
  return chunks.map((chunk) => encoder.chunk(chunk)).join('') + encoder.end()
}

/** The data of each frame. */
export function eventsOf(frames: string): Record<string, unknown>[] {
  return [...frames.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data))
}

/** What it hides can be read, so that a failure shows it. */
export const openSeal: ReasoningSeal = {
  seal: (reasoning) => `sealed.${JSON.stringify(reasoning)}`,
  open: (value) => (value.startsWith('sealed.') ? JSON.parse(value.slice('sealed.'.length)) : undefined),
}
