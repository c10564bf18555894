import { either, number, object, string } from './fields.ts'
import type { Open } from './open.ts'
import { schemaFor } from './schema-for.ts'

/** The body of `POST /audio/speech`. */
export interface SpeechRequest {
  model: string
  /** What is to be said. */
  input: string
  voice: string | { id: string }
  /** How it is to be said. */
  instructions?: string | null | undefined
  response_format?: Open<'mp3' | 'opus' | 'aac' | 'flac' | 'wav' | 'pcm'> | null | undefined
  /** 0.25 to 4. */
  speed?: number | null | undefined
  /** `sse`: events with pieces in base64. Default: the bytes themselves. */
  stream_format?: Open<'audio' | 'sse'> | null | undefined
}

/** The answer of `POST /audio/transcriptions` and `/translations` that is JSON. Their requests are forms. */
export interface TranscriptionAnswer {
  text: string
  usage?: unknown
}

export const speechRequest = schemaFor<SpeechRequest>()(
  object({
    model: string,
    input: string.min(1, { error: 'expected something to say; found an empty string' }),
    voice: either('the name of a voice, or an object with its id', string, object({ id: string })),
    instructions: string.nullish(),
    response_format: string.nullish(),
    speed: number.nullish(),
    stream_format: string.nullish(),
  }),
)
