import { type EmbeddingsRequest, embeddingsRequest } from '@dragoman/openai-schema'
import type { Handler } from '../http/handler.ts'
import { type EndpointOptions, jsonEndpoint } from './endpoint-answer.ts'

/** `POST /v1/embeddings`. */
export function embeddings(options: Omit<EndpointOptions, 'readForm'>): Handler {
  return jsonEndpoint(options, { endpoint: 'embeddings', schema: embeddingsRequest, answer: inFormat })
}

/**
 * The vectors in the form that was asked for: many services ignore `encoding_format`, and some clients read one form
 * only. What is no answer of this endpoint stays as it is.
 */
export function inFormat(json: unknown, { encoding_format }: Pick<EmbeddingsRequest, 'encoding_format'>): unknown {
  const data = isRecord(json) && Array.isArray(json.data) ? (json.data as unknown[]) : undefined
  if (!data) return json
  const format = encoding_format === 'base64' ? toBase64 : toNumbers
  return { ...(json as object), data: data.map((entry) => formatted(entry, format)) }
}

function formatted(entry: unknown, format: (vector: unknown) => unknown): unknown {
  return isRecord(entry) ? { ...entry, embedding: format(entry.embedding) } : entry
}

const floatBytes = 4

/** Numbers -> the same as little-endian float32. */
function toBase64(vector: unknown): unknown {
  if (!Array.isArray(vector) || !vector.every((each) => typeof each === 'number')) return vector
  const bytes = Buffer.allocUnsafe(vector.length * floatBytes)
  for (const [i, number] of vector.entries()) bytes.writeFloatLE(number, i * floatBytes)
  return bytes.toString('base64')
}

function toNumbers(vector: unknown): unknown {
  if (typeof vector !== 'string') return vector
  const bytes = Buffer.from(vector, 'base64')
  if (bytes.length === 0 || bytes.length % floatBytes !== 0) return vector
  return Array.from({ length: bytes.length / floatBytes }, (_, i) => bytes.readFloatLE(i * floatBytes))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
