import {
  type AnswerEncoder,
  completionToChunks,
  type DragomanError,
  isDragomanError,
  toDragomanError,
} from '@dragoman/core'
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import type { ReasoningSeal } from '../reasoning-seal.ts'
import { responsesClient } from './client.ts'

/** Answers of a model, as a server over the dialect would give them: chunks where a stream is asked for, else whole. */
export interface Model {
  answer(chat: ChatCompletionRequest): readonly Said[] | ChatCompletion
}

/** An error is where the answer breaks. */
type Said = ChatCompletionChunk | DragomanError

/** A server's `POST /v1/responses` in this process, without a store. Keeps the bodies it got. */
export function front(model: Model, seal?: ReasoningSeal) {
  const bodies: unknown[] = []
  const chats: ChatCompletionRequest[] = []
  const fetch = async (_url: unknown, init?: { body?: unknown }): Promise<Response> => {
    const body: unknown = JSON.parse(String(init?.body))
    bodies.push(body)
    try {
      const read = responsesClient.readRequest(body, { seal })
      chats.push(read.chat)
      const answer = model.answer(read.chat)
      if (!read.chat.stream) {
        if (!('object' in answer)) throw new Error('This test has no whole answer')
        return Response.json(read.whole(answer))
      }
      const chunks = 'object' in answer ? completionToChunks(answer) : answer
      return new Response(framesOf(read.encoder(), chunks), { headers: { 'content-type': 'text/event-stream' } })
    } catch (cause) {
      const error = toDragomanError(cause)
      return Response.json(responsesClient.errorBody(error), { status: error.status })
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

export interface ParsedEvent {
  readonly event: string
  readonly data: Record<string, unknown> & { type: string; sequence_number: number }
}

export function parsedFrames(frames: string): ParsedEvent[] {
  return frames
    .split('\n\n')
    .filter(Boolean)
    .map((frame) => {
      const [event = '', data = ''] = frame.split('\n')
      return { event: event.replace('event: ', ''), data: JSON.parse(data.replace('data: ', '')) }
    })
}

/** Readable, and enough to see what was sealed and whether it comes back. */
export const openSeal: ReasoningSeal = {
  seal: (reasoning) => `sealed.${JSON.stringify(reasoning)}`,
  open: (value) => (value.startsWith('sealed.') ? JSON.parse(value.slice('sealed.'.length)) : undefined),
}

/** Items have random ids: the first of a kind becomes `msg_1`, and so on. */
export function withStableIds(text: string): string {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  return text.replace(/\b(resp|msg|rs|fc|ctc|fco|ctco)_[0-9a-f]{32}\b/g, (id, prefix: string) => {
    const known = names.get(id)
    if (known) return known
    const count = (counts.get(prefix) ?? 0) + 1
    counts.set(prefix, count)
    names.set(id, `${prefix}_${count}`)
    return `${prefix}_${count}`
  })
}
