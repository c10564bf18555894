import type { Provider, ProviderFactory } from '@dragoman/core'
import { createCompatible, type OpenAICompatibleOptions } from '@dragoman/provider-openai-compatible'
import { mapErrorIn } from './map-error.ts'
import { encodeVariant, withVariants } from './model-variant.ts'
import { credential, options, type QwenOptions } from './options.ts'
import { baseUrlOf } from './regions.ts'
import { refusedImage } from './sees-images.ts'

export type { QwenOptions } from './options.ts'

const id = 'qwen'

const quirks: OpenAICompatibleOptions = {
  tokenLimitField: 'max_tokens',
  // Not known there.
  dropFields: ['logit_bias'],
  sendReasoningHistory: 'reasoning_content',
}

/** Qwen by its documented API: Alibaba Cloud Model Studio, formerly DashScope. */
export const qwen: ProviderFactory<QwenOptions> = {
  id,
  options,
  credential,
  create({ region, workspace, models, baseUrl = baseUrlOf(region, workspace) }, environment): Provider {
    const inner = createCompatible(
      { ...quirks, ...(models && { models }), ...(baseUrl && { baseUrl }) },
      { id, name: 'Qwen', mapError: mapErrorIn(region) },
      environment,
    )
    return {
      id,
      separatesReasoning: true,
      accepts(request) {
        const encoded = encodeVariant(request)
        const { dropped = [], refused } = inner.accepts?.(encoded) ?? {}
        return { dropped, refused: refused ?? refusedImage(encoded) }
      },
      chat: (request, call) => inner.chat(encodeVariant(request), call),
      async models(call) {
        const listed = (await inner.models?.(call)) ?? []
        if (models) return listed
        const known = new Map(listed.map((model) => [model.id, model]))
        const owner = { object: 'model' as const, created: 0, owned_by: id }
        return withVariants([...known.keys()]).map((name) => known.get(name) ?? { id: name, ...owner })
      },
      ...(inner.probe && { probe: inner.probe }),
      close: () => inner.close(),
    }
  },
}
