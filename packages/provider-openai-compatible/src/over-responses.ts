import { type Acceptance, type AnswerReader, isDragomanError } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { accepts } from './accepts.ts'
import { isPresent, without } from './drop-fields.ts'
import { filledIn, isStreamedUpstream, type RequestSettings } from './encode-request.ts'
import type { Settings } from './options.ts'
import type { Fields } from './record.ts'

/** `responsesUpstream` of `@dragoman/dialects/openai-responses`, which is brought by who wants it. */
export interface ResponsesDialect {
  writeRequest(
    request: ChatCompletionRequest,
    options?: { readonly clean?: (text: string) => string },
  ): { readonly body: Fields; readonly dropped: readonly string[]; reader(): AnswerReader }
}

export interface ResponsesCall {
  readonly body: Fields
  readonly isStreamed: boolean
  readonly reader: AnswerReader
}

/** `POST /responses` in place of a chat. `clean` takes secrets out of what the service says of its errors. */
export function encodeResponses(
  request: ChatCompletionRequest,
  { upstreamStream, extraBody, dropFields }: RequestSettings,
  dialect: ResponsesDialect,
  clean: (text: string) => string,
): ResponsesCall {
  const isStreamed = isStreamedUpstream(upstreamStream, Boolean(request.tools?.length))
  const { body, reader } = dialect.writeRequest({ ...request, stream: isStreamed }, { clean })
  return { body: dropFields.reduce<Fields>(without, filledIn(body, extraBody)), isStreamed, reader: reader() }
}

/** What cannot be honoured there. */
export function acceptsOverResponses(
  request: ChatCompletionRequest,
  settings: RequestSettings & Pick<Settings, 'name' | 'unsupported'>,
  dialect: ResponsesDialect,
): Acceptance {
  const { refused } = accepts(request, settings)
  try {
    const { body, dropped } = dialect.writeRequest(request)
    const lost = settings.dropFields.filter((path) => isPresent(body, path))
    return { dropped: [...dropped, ...lost], refused }
  } catch (error) {
    if (!isDragomanError(error) || error.scope !== 'request') throw error
    return { dropped: [], refused: { param: error.param ?? 'messages', message: error.message } }
  }
}
