import type { LanguageModelMiddleware } from 'ai'

// The types of the AI SDK's language models as `ai` itself gives them, so that no other package is needed.

export type Middleware = LanguageModelMiddleware

type WrapGenerate = NonNullable<Middleware['wrapGenerate']>
type WrapStream = NonNullable<Middleware['wrapStream']>

export type GenerateResult = Awaited<ReturnType<WrapGenerate>>
export type Content = GenerateResult['content'][number]
export type CallParams = Parameters<WrapGenerate>[0]['params']
export type Prompt = CallParams['prompt']
export type StreamPart = Awaited<ReturnType<WrapStream>>['stream'] extends ReadableStream<infer P> ? P : never
