import { anything, either, list, literal, object, openVariants, string, unread } from './fields.ts'
import type { Open } from './open.ts'
import { schemaFor } from './schema-for.ts'

/** What a message says: plain text, or parts in order. */
export type MessageContent = string | ContentPart[]

export type ContentPart = TextPart | ImageUrlPart | InputAudioPart | FilePart | RefusalPart | ForeignPart

/** Marks that any part may carry; they are kept and not looked into. */
export interface PartMarks {
  /** Anthropic's prompt-cache mark, also read by OpenRouter, Qwen and Gemini services. */
  cache_control?: unknown
  /** OpenAI's prompt-cache mark. */
  prompt_cache_breakpoint?: unknown
  extra_content?: unknown
}

export interface TextPart extends PartMarks {
  type: 'text'
  text: string
}

export interface ImageUrlPart extends PartMarks {
  type: 'image_url'
  /** OpenAI takes the object only. Several clients send the bare URL, so that is accepted too. */
  image_url: ImageUrl | string
}

export interface ImageUrl {
  /** `http:`, `https:` or `data:` with base64. */
  url: string
  detail?: Open<'auto' | 'low' | 'high' | 'original'> | null | undefined
}

export interface InputAudioPart extends PartMarks {
  type: 'input_audio'
  input_audio: {
    /** Base64 of the file. */
    data: string
    format: Open<'wav' | 'mp3'>
  }
}

export interface FilePart extends PartMarks {
  type: 'file'
  file: {
    /** The file as a `data:` URL; some services take an `https:` URL as well. */
    file_data?: string | null | undefined
    /** Id of an uploaded file. */
    file_id?: string | null | undefined
    filename?: string | null | undefined
  }
}

/** A refusal that the assistant gave earlier in the conversation. */
export interface RefusalPart extends PartMarks {
  type: 'refusal'
  refusal: string
}

/**
 * A part that Chat Completions does not know and that some service takes.
 *
 * `type` names the ones seen in the wild, so that the other parts can be told apart by it. At run time it may be any
 * other string, and fields that are not named here may be present.
 */
export interface ForeignPart extends PartMarks {
  type: 'video_url' | 'video' | 'input_text' | 'input_image' | 'image' | 'document' | 'thinking'
  video_url?: unknown
  video?: unknown
  text?: unknown
  image_url?: unknown
  /** The payload of Anthropic's `image` and `document`. */
  source?: unknown
  thinking?: unknown
  signature?: unknown
}

const marks = { cache_control: anything, prompt_cache_breakpoint: anything, extra_content: anything }

const text = object({ type: literal('text'), text: string, ...marks })

const imageUrl = object({
  type: literal('image_url'),
  image_url: either(
    'an object with a url, or the URL as a string',
    string,
    object({ url: string, detail: string.nullish() }),
  ),
  ...marks,
})

const inputAudio = object({
  type: literal('input_audio'),
  input_audio: object({ data: string, format: string }),
  ...marks,
})

const file = object({
  type: literal('file'),
  file: object({ file_data: string.nullish(), file_id: string.nullish(), filename: string.nullish() }),
  ...marks,
})

const refusal = object({ type: literal('refusal'), refusal: string, ...marks })

export const textPart = schemaFor<TextPart>()(text)

/** Known types are checked; any other object with a string `type` passes. */
export const contentPart = schemaFor<ContentPart>()(
  openVariants(
    'a content part (an object with a type)',
    [text, imageUrl, inputAudio, file, refusal],
    unread<ForeignPart>(),
  ),
)

export const messageContent = schemaFor<MessageContent>()(
  either('a string or an array of content parts', string, list(contentPart, 'content parts')),
)
