import {
  type AnswerEncoder,
  completionToChunks,
  type DragomanError,
  isDragomanError,
  type ReasoningSeal,
  toDragomanError,
} from '@dragoman/core'
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import type { ClientDialect } from './dialect.ts'

/** What a model answers to a request: chunks, or a whole completion, which is streamed where a stream is asked for. */
export type Model = (chat: ChatCompletionRequest) => readonly Said[] | ChatCompletion

/** An error is where the answer breaks. */
type Said = ChatCompletionChunk | DragomanError

/** A server of the dialect in this process. Keeps the bodies that it got, and the requests as they were read. */
export function front(dialect: ClientDialect, model: Model, seal?: ReasoningSeal) {
  const bodies: unknown[] = []
  const chats: ChatCompletionRequest[] = []
  const fetch = async (_url: unknown, init?: { body?: unknown }): Promise<Response> => {
    const body: unknown = JSON.parse(String(init?.body))
    bodies.push(body)
    try {
      const read = dialect.readRequest(body, { seal })
      chats.push(read.chat)
      const answer = model(read.chat)
      if (!read.chat.stream) {
        if (!('object' in answer)) throw new Error('This test has no whole answer')
        return Response.json(read.whole(answer))
      }
      const said = 'object' in answer ? completionToChunks(answer) : answer
      return new Response(framesOf(read.encoder(), said), { headers: { 'content-type': 'text/event-stream' } })
    } catch (cause) {
      const error = toDragomanError(cause)
      return Response.json(dialect.errorBody(error, 'req_1'), { status: error.status })
    }
  }
  return { fetch, bodies, chats }
}

export function framesOf(encoder: AnswerEncoder, said: readonly Said[]): string {
  let frames = ''
  for (const each of said) {
    if (isDragomanError(each)) return frames + encoder.error(each)
    frames += encoder.chunk(each)
  }
  return frames + encoder.end()
}

/** What it hides can be read, so that a failure shows it. */
export const openSeal: ReasoningSeal = {
  seal: (reasoning) => `sealed.${JSON.stringify(reasoning)}`,
  open: (value) => (value.startsWith('sealed.') ? JSON.parse(value.slice('sealed.'.length)) : undefined),
}
