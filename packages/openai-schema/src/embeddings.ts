import { either, integer, list, object, string } from './fields.ts'
import type { Open } from './open.ts'
import { schemaFor } from './schema-for.ts'

/** The body of `POST /embeddings`. */
export interface EmbeddingsRequest {
  model: string
  /** Texts, or texts as numbers of tokens; 1 to 2048 of them, none of them empty. */
  input: string | string[] | number[] | number[][]
  /** Length of each vector, for models that can shorten theirs. */
  dimensions?: number | null | undefined
  /** `base64`: the numbers as little-endian float32, which the OpenAI SDKs ask for. Default: float. */
  encoding_format?: Open<'float' | 'base64'> | null | undefined
  user?: string | null | undefined
}

export interface Embedding {
  object: 'embedding'
  index: number
  embedding: number[] | string
}

/** The answer of `POST /embeddings`. */
export interface EmbeddingsAnswer {
  object: 'list'
  data: Embedding[]
  model: string
  usage: { prompt_tokens: number; total_tokens: number }
}

const mostInputs = 2048

const input = either(
  'a string, an array of strings, or tokens',
  string,
  list(string, 'strings'),
  list(integer, 'integers'),
  list(list(integer, 'integers'), 'arrays of integers'),
)

export const embeddingsRequest = schemaFor<EmbeddingsRequest>()(
  object({
    model: string,
    input,
    dimensions: integer.nullish(),
    encoding_format: string.nullish(),
    user: string.nullish(),
  }).check(({ value, issues }) => {
    const problem = inputProblem(value.input)
    if (problem) issues.push({ code: 'custom', input: value.input, ...problem })
  }),
)

function inputProblem(given: EmbeddingsRequest['input']): { path: PropertyKey[]; message: string } | undefined {
  if (given.length === 0) {
    const found = typeof given === 'string' ? 'an empty string' : 'an empty array'
    return { path: ['input'], message: `expected something to embed; found ${found}` }
  }
  if (typeof given === 'string') return undefined
  // One list of tokens is one input, however long it is.
  if (typeof given[0] !== 'number' && given.length > mostInputs) {
    return { path: ['input'], message: `expected at most ${mostInputs} inputs; found ${given.length}` }
  }
  const empty = given.findIndex((each) => typeof each !== 'number' && each.length === 0)
  return empty < 0 ? undefined : { path: ['input', empty], message: 'expected something to embed; found nothing' }
}
