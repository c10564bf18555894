import { type Clock, DragomanError, isRecord } from '@dragoman/core'
import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { END, type StreamEvent } from '@dragoman/upstream'
import { reportsError, serviceName } from './reported-error.ts'

export interface DecodeOptions {
  readonly model: string
  readonly clock: Clock
  /** What an error that the service reports in its answer is; `HttpResponse` has it. */
  errorFrom(json: unknown): DragomanError
}

export interface AnswerDecoder {
  /** One server-sent event: its chunk, nothing, or `END`. Throws a `DragomanError` for what is no part of an answer. */
  event(event: StreamEvent): readonly ChatCompletionChunk[] | typeof END
  /** An answer that came whole. */
  whole(json: unknown): readonly ChatCompletionChunk[]
}

/** Reads one answer. The service's chunks are nearly OpenAI's; ids, instants and names of models in them are not ours. */
export function createDecoder({ model, clock, errorFrom }: DecodeOptions): AnswerDecoder {
  const head = {
    id: `chatcmpl-${crypto.randomUUID().replaceAll('-', '')}`,
    object: 'chat.completion.chunk',
    created: Math.floor(clock.now() / 1000),
    model,
  } as const

  return {
    event({ event, data }) {
      const text = data.trim()
      if (text === '[DONE]') return END
      if (text === '') return []
      const json = parsed(text)
      if (!isRecord(json)) throw protocolError('sent an event that is no JSON object')
      if (event === 'error' || reportsError(json)) throw errorFrom(json)
      const { choices, usage } = json
      const hasChoices = Array.isArray(choices) && choices.length > 0
      if (!hasChoices && !isRecord(usage)) return []
      // Chunks come unchecked: core's `canonicalChunks` is made for that.
      return [{ ...json, ...head, choices: hasChoices ? choices : [] } as unknown as ChatCompletionChunk]
    },

    whole(json) {
      const text = wholeText(json)
      // An answer cannot be told from a message about a failure here, and a failure must not be taken for an answer.
      if (reportsError(json) || (text === undefined && isRecord(json) && typeof json.message === 'string')) {
        throw errorFrom(json)
      }
      if (text === undefined) throw protocolError('answered with JSON that is no answer')
      const usage = isRecord(json) && isRecord(json.usage) ? json.usage : undefined
      return [
        { ...head, choices: [{ index: 0, delta: { role: 'assistant', content: text }, finish_reason: null }] },
        { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
        ...(usage ? [{ ...head, choices: [], usage } as unknown as ChatCompletionChunk] : []),
      ]
    },
  }
}

/** No whole answer has ever been seen: these are the places where its text may stand. */
function wholeText(json: unknown): string | undefined {
  if (typeof json === 'string') return json
  if (!isRecord(json)) return undefined
  const { choices, response, content, message } = json
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined
  const choice = isRecord(first) ? first : {}
  const inChoice = isRecord(choice.message) ? choice.message.content : undefined
  const inMessage = isRecord(message) ? message.content : undefined
  return [inChoice, choice.text, response, content, inMessage].find((text) => typeof text === 'string')
}

function protocolError(what: string): DragomanError {
  return new DragomanError('upstream_protocol', `${serviceName} ${what}`, { origin: 'upstream' })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // told apart from an object by the caller, without quoting what may hold anything
  }
}
