import { boolean, either, integer, list, number, object, string } from './fields.ts'
import type { Open } from './open.ts'
import { schemaFor } from './schema-for.ts'

/** What generations and edits have in common. Sizes, qualities and the like are the service's words. */
interface ImageWishes {
  model: string
  prompt: string
  /** How many pictures, 1 to 10. */
  n?: number | null | undefined
  /** `1024x1024`, `auto`. */
  size?: string | null | undefined
  quality?: string | null | undefined
  background?: Open<'transparent' | 'opaque' | 'auto'> | null | undefined
  output_format?: Open<'png' | 'jpeg' | 'webp'> | null | undefined
  /** 0 to 100. */
  output_compression?: number | null | undefined
  /** Models that answer with data only do not take it. */
  response_format?: Open<'url' | 'b64_json'> | null | undefined
  moderation?: string | null | undefined
  user?: string | null | undefined
  stream?: boolean | null | undefined
  /** Pictures on the way to each one, in a stream. */
  partial_images?: number | null | undefined
}

/** The body of `POST /images/generations`. */
export interface ImageGenerationRequest extends ImageWishes {
  style?: string | null | undefined
}

/** The body of `POST /images/edits` where it is JSON; otherwise it is a form. */
export interface ImageEditRequest extends ImageWishes {
  /** The pictures to edit, as data URLs or addresses, or as objects that hold one. */
  image?: unknown
  images?: unknown
  mask?: unknown
}

export interface Image {
  url?: string | undefined
  b64_json?: string | undefined
  /** What the service made of the prompt. */
  revised_prompt?: string | undefined
}

/** The answer of both. */
export interface ImagesAnswer {
  /** Unix time in seconds. */
  created: number
  data: Image[]
  usage?: { input_tokens: number; output_tokens: number; total_tokens: number } | undefined
}

const wishes = {
  model: string,
  prompt: string.min(1, { error: 'expected a description of a picture; found an empty string' }),
  n: integer.nullish(),
  size: string.nullish(),
  quality: string.nullish(),
  background: string.nullish(),
  output_format: string.nullish(),
  output_compression: number.nullish(),
  response_format: string.nullish(),
  moderation: string.nullish(),
  user: string.nullish(),
  stream: boolean.nullish(),
  partial_images: integer.nullish(),
}

export const imageGenerationRequest = schemaFor<ImageGenerationRequest>()(
  object({ ...wishes, style: string.nullish() }),
)

const picture = either('a picture', string, object({}))
const pictures = either('a picture, or an array of them', picture, list(picture, 'pictures'))

export const imageEditRequest = object({
  ...wishes,
  image: pictures.optional(),
  images: pictures.optional(),
  mask: picture.nullish(),
})
