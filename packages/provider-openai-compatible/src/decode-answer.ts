import { completionToChunks, DragomanError, isRecord, withSourceText } from '@dragoman/core'
import type { ChatCompletion, ChatCompletionChunk } from '@dragoman/openai-schema'
import { END, readErrorBody, type StreamEvent } from '@dragoman/upstream'
import { toolsToFunctionCall } from './legacy-functions.ts'
import type { Fields } from './record.ts'
import { reportsError } from './reported-error.ts'

export interface DecodeOptions {
  /** For messages. */
  readonly name: string
  /** What an error that the service reports in its answer is; `HttpResponse` has it. */
  errorFrom(json: unknown): DragomanError
  /** The client used `functions`. */
  readonly usesFunctions: boolean
}

export interface AnswerDecoder {
  /** One server-sent event: its chunk, nothing, or `END`. Throws a `DragomanError` for what is no part of an answer. */
  event(event: StreamEvent): readonly ChatCompletionChunk[] | typeof END
  /** An answer that came whole. */
  completion(json: unknown): readonly ChatCompletionChunk[]
}

const DONE = '[DONE]'

const none: readonly ChatCompletionChunk[] = []

/**
 * Reads one answer. Chunks are handed on as they came: roles, indexes and finish reasons that need repair are left to
 * `canonicalChunks` of core, which also says whether the answer was complete.
 */
export function createDecoder({ name, errorFrom, usesFunctions }: DecodeOptions): AnswerDecoder {
  const legacy = usesFunctions ? toolsToFunctionCall() : undefined
  return {
    event({ event, data }) {
      const text = data.trim()
      if (text === DONE) return END
      if (text === '') return none
      const json = parse(text)
      if (!isRecord(json)) throw notJson(name)
      if (event === 'error' || reportsError(json)) throw errorFrom(json)
      const chunk = asChunk(json)
      return [legacy ? legacy(chunk) : withSourceText(chunk, text)]
    },

    completion(json) {
      if (isInsteadOfAnswer(json)) throw errorFrom(json)
      if (isRecord(json) && isCompletion(json)) {
        const chunks = completionToChunks(json)
        return legacy ? chunks.map(legacy) : chunks
      }
      throw protocolError(`${name} answered with JSON that is no completion`)
    },
  }
}

/** Whether a stream ends with the event of this data. */
export function isEnd(data: string): boolean {
  return data.trim() === DONE
}

/** An event that its name alone calls an error. */
export function namedError(
  { event, data }: StreamEvent,
  { name, errorFrom }: Pick<DecodeOptions, 'name' | 'errorFrom'>,
): DragomanError | undefined {
  if (event !== 'error') return undefined
  const json = parse(data)
  return isRecord(json) ? errorFrom(json) : notJson(name)
}

/** Whether JSON that came whole and with a status of success is the report of an error. */
export function isInsteadOfAnswer(json: unknown): boolean {
  if (!isRecord(json)) return false
  if (reportsError(json)) return true
  if (isCompletion(json)) return false
  const { message, status } = readErrorBody(json)
  return message !== undefined || status !== undefined
}

function notJson(name: string): DragomanError {
  return protocolError(`${name} sent an event that is no JSON object`)
}

function protocolError(message: string): DragomanError {
  return new DragomanError('upstream_protocol', message, { origin: 'upstream' })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // told apart from an object by the caller, without quoting what may hold anything
  }
}

/** Upstreams send chunks with fields missing and more; `canonicalChunks` is made for that and checks each it reads. */
function asChunk(json: Fields): ChatCompletionChunk {
  return json as unknown as ChatCompletionChunk
}

/** As far as `completionToChunks` relies on it. */
function isCompletion(json: Fields): json is Fields & ChatCompletion {
  return (
    Array.isArray(json.choices) && json.choices.every((choice: unknown) => isRecord(choice) && isRecord(choice.message))
  )
}
