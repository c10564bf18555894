import type OpenAI from 'openai'
import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  type CompletionRequest,
  completionRequest,
  type EmbeddingsRequest,
  embeddingsRequest,
  type FileObject,
  type ImageGenerationRequest,
  imageEditRequest,
  imageGenerationRequest,
  type ModerationRequest,
  moderationRequest,
  type SpeechRequest,
  speechRequest,
  validate,
} from './index.ts'

describe("what the SDK's types let through is of our types too", () => {
  test('requests', () => {
    expectTypeOf<OpenAI.EmbeddingCreateParams>().toExtend<EmbeddingsRequest>()
    expectTypeOf<OpenAI.Images.ImageGenerateParamsNonStreaming & { model: string }>().toExtend<ImageGenerationRequest>()
    expectTypeOf<OpenAI.Audio.SpeechCreateParams>().toExtend<SpeechRequest>()
    expectTypeOf<OpenAI.ModerationCreateParams>().toExtend<ModerationRequest>()
    expectTypeOf<OpenAI.CompletionCreateParamsNonStreaming & { prompt: string }>().toExtend<CompletionRequest>()
  })

  test('answers are of theirs', () => {
    expectTypeOf<FileObject['status']>().toExtend<OpenAI.FileObject['status']>()
    expectTypeOf<Omit<FileObject, 'purpose' | 'expires_at'>>().toExtend<
      Omit<OpenAI.FileObject, 'purpose' | 'expires_at'>
    >()
  })
})

test.each([
  [embeddingsRequest, { model: 'm', input: 'x' }],
  [embeddingsRequest, { model: 'm', input: [[1, 2], [3]], dimensions: null, encoding_format: 'base64', new_field: {} }],
  [imageGenerationRequest, { model: 'm', prompt: 'x', n: null, size: 'auto', partial_images: 2, stream: true }],
  [imageEditRequest, { model: 'm', prompt: 'x', image: 'data:,', mask: null }],
  [imageEditRequest, { model: 'm', prompt: 'x', images: [{ image_url: 'data:,' }] }],
  [speechRequest, { model: 'm', input: 'x', voice: { id: 'v' }, speed: 0.5, stream_format: 'sse' }],
  [moderationRequest, { input: [{ type: 'image_url', image_url: { url: 'data:,' } }] }],
  [completionRequest, { model: 'm', prompt: [1, 2], max_tokens: null, echo: true, logit_bias: { 50256: -100 } }],
])('a good body goes through as it is', (schema, body) => {
  const checked = validate(schema as typeof embeddingsRequest, body)
  expect(checked.ok && checked.value).toBe(body)
})

test.each([
  [embeddingsRequest, { model: 'm' }, 'input', 'missing_required_parameter'],
  [embeddingsRequest, { model: 'm', input: [1.5] }, 'input[0]', 'invalid_type'],
  [embeddingsRequest, { input: 'x' }, 'model', 'missing_required_parameter'],
  [imageGenerationRequest, { model: 'm', prompt: '' }, 'prompt', 'invalid_value'],
  [imageGenerationRequest, { model: 'm', prompt: 'x', n: '2' }, 'n', 'invalid_type'],
  [imageEditRequest, { model: 'm', prompt: 'x', image: 7 }, 'image', 'invalid_type'],
  [speechRequest, { model: 'm', input: '', voice: 'v' }, 'input', 'invalid_value'],
  [speechRequest, { model: 'm', input: 'x' }, 'voice', 'missing_required_parameter'],
  [moderationRequest, { input: [] }, 'input', 'invalid_value'],
  [moderationRequest, { input: [{ text: 'x' }] }, 'input[0].type', 'missing_required_parameter'],
  [completionRequest, { model: 'm', prompt: 'x', logprobs: true }, 'logprobs', 'invalid_type'],
])('a bad body is refused with the field at fault: %# %j', (schema, body, param, code) => {
  const checked = validate(schema as typeof embeddingsRequest, body)
  expect(checked.ok ? checked : checked.issue).toMatchObject({ param, code })
})
