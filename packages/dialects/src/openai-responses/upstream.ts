import type { AnswerReader } from '@dragoman/core'
import type { UpstreamDialect } from '../dialect.ts'
import { Renames } from '../renames.ts'
import { ResponseReader } from './response-reader.ts'
import { writeBody } from './write-request.ts'

export interface ResponsesOptions {
  /** Takes secrets out of the service's own words in errors. */
  readonly clean?: ((text: string) => string) | undefined
}

/** OpenAI Responses, as upstreams speak it. Source: OpenAI's API reference, "Create a response" and "Streaming". */
export const responsesUpstream: UpstreamDialect<ResponsesOptions> = {
  id: 'openai-responses',
  writeRequest(request, { clean = (text: string) => text } = {}) {
    const names = newNames()
    const { body, dropped } = writeBody(request, names)
    return { body, dropped, reader: () => new ResponseReader(names, clean) }
  },
}

/** Reads an answer of the dialect that no request of ours was written for, such as one that is relayed. */
export function responsesReader(): AnswerReader {
  return new ResponseReader(newNames(), (text) => text)
}

const newNames = () => new Renames(/^[a-zA-Z0-9_-]{1,64}$/, 64)
