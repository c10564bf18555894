import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'

/**
 * Whether a model takes images, as far as its name tells. Names of others than Qwen's models say nothing, so they pass.
 * After Model Studio's page "Visual reasoning", November 2026: from 3.5 on all of its models see but those called `max`.
 */
export function seesImages(model: string): boolean {
  if (!/^(qwen|qwq|qvq)/i.test(model)) return true
  return /-(vl|omni|ocr)\b|^qvq|^qwen3\.[5-9](?!-max)/i.test(model)
}

/** The first image for a model that sees none: what becomes of it there is not known. */
export function refusedImage({ model, messages }: ChatCompletionRequest): Acceptance['refused'] {
  if (seesImages(model)) return undefined
  for (const [i, { content }] of messages.entries()) {
    const j = Array.isArray(content) ? content.findIndex(({ type }) => images.has(type)) : -1
    if (j < 0) continue
    const param = `messages[${i}].content[${j}].type`
    return { param, message: `${param}: ${model} is not known to see images; qwen3-vl-plus does` }
  }
  return undefined
}

const images: ReadonlySet<string> = new Set(['image_url', 'input_image', 'image', 'video_url'])
