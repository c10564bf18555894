import type { Call } from '@dragoman/core'
import type { Delta } from '@dragoman/openai-schema'
import type { HttpResponse, MadeChats } from '@dragoman/upstream'
import { AnswerReader } from './answer-reader.ts'
import { type Frame, readFrames } from './frames.ts'

/** An answer of which the first message that says anything is there. */
export interface BegunAnswer {
  /** Of the conversation that the site began for it; empty where it named none. */
  readonly chatId: string
  readonly response: HttpResponse
  readonly reader: AnswerReader
  /** What it has said so far. */
  readonly first: readonly Delta[]
  /** The other messages. */
  readonly frames: AsyncGenerator<Frame, undefined>
  readonly isOver: boolean
}

export interface BeginContext {
  readonly chats: MadeChats
  /** Conversations stay on the account, so nobody has to know them. */
  readonly keepsChats: boolean
  readonly call: Call
  readonly left: AbortSignal
}

/**
 * Asks, and reads up to the message that names the conversation. Until then a caller who leaves is let go, but the call
 * goes on: nothing else would tell what there is to delete.
 *
 * @param post gets what ends the call
 */
export async function beginAnswer(
  post: (call: Call, over: AbortSignal) => Promise<HttpResponse>,
  { chats, keepsChats, call, left }: BeginContext,
): Promise<BegunAnswer> {
  const over = new AbortController()
  const leaving = AbortSignal.any([call.signal, left])
  const leave = () => over.abort(leaving.reason)
  if (keepsChats) leaving.addEventListener('abort', leave, { once: true })
  let begun: Omit<BegunAnswer, 'chatId'> | undefined
  const chatId = await chats.begin(call, left, async (making) => {
    try {
      const response = await post(making, over.signal)
      const frames = readFrames(response)
      const reader = new AnswerReader()
      begun = { response, reader, frames, ...(await readFirst(frames, reader, response)) }
      if (leaving.aborted) leave()
      return reader.chatId ?? ''
    } catch (error) {
      over.abort(error)
      throw error
    }
  })
  if (!begun) throw new TypeError('a conversation without an answer') // it was made above
  if (leaving.aborted) leave()
  else leaving.addEventListener('abort', leave, { once: true })
  return { ...begun, chatId }
}

async function readFirst(
  frames: AsyncGenerator<Frame, undefined>,
  reader: AnswerReader,
  response: HttpResponse,
): Promise<Pick<BegunAnswer, 'first' | 'isOver'>> {
  for (;;) {
    const { done, value } = await frames.next()
    if (done) return { first: [], isOver: false }
    const { isOver, deltas } = readFrame(value, reader, response)
    if (isOver || deltas.length > 0 || reader.chatId !== undefined) return { first: deltas, isOver }
  }
}

/** What a message says, and whether the answer ends with it. Throws the error that it reports. */
export function readFrame({ json, isEnd }: Frame, reader: AnswerReader, response: HttpResponse) {
  if (json.error) throw response.errorFrom({ error: json.error })
  const deltas = reader.read(json)
  // What follows `done` is no part of the answer, not even an error.
  const isOver = isEnd || 'done' in json
  if (isOver) {
    reader.isComplete = true
    response.body.finish()
  }
  return { deltas, isOver }
}
