import type { Provider, ProviderFactory } from '@dragoman/core'
import { createCompatible, type OpenAICompatibleOptions } from '@dragoman/provider-openai-compatible'
import { abortOnLeave } from '@dragoman/upstream'
import { createImagePlane, imageEndpoints, imageModels } from './images.ts'
import { hasFiles, unknownFile, withFilesInlined } from './inline-files.ts'
import { mapErrorIn } from './map-error.ts'
import { encodeVariant, withVariants } from './model-variant.ts'
import { credential, options, type QwenOptions } from './options.ts'
import { baseUrlOf } from './regions.ts'
import { refusedImage } from './sees-images.ts'

export type { QwenOptions } from './options.ts'

const id = 'qwen'

const quirks: OpenAICompatibleOptions = {
  endpoints: ['embeddings'],
  tokenLimitField: 'max_tokens',
  // Not known there.
  dropFields: ['logit_bias'],
  cacheMarks: ['cache_control'],
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
    const images = createImagePlane(baseUrl ?? '', region, environment)
    return {
      id,
      separatesReasoning: true,
      endpoints: [...(inner.endpoints ?? []), ...imageEndpoints],
      async serve(request, call) {
        if (request.endpoint.startsWith('images/') || !inner.serve) return images.serve(request, call)
        return inner.serve(request, call)
      },
      accepts(request) {
        const encoded = encodeVariant(request)
        const { dropped = [], refused } = inner.accepts?.(encoded) ?? {}
        return { dropped, refused: refused ?? refusedImage(encoded) ?? unknownFile(encoded) }
      },
      chat(request, call) {
        const encoded = encodeVariant(request)
        if (!hasFiles(encoded)) return inner.chat(encoded, call)
        return abortOnLeave(async (left) => {
          const signal = AbortSignal.any([call.signal, left])
          const ready = await withFilesInlined(encoded, { signal, allow: environment?.mediaFrom })
          return inner.chat(ready, { ...call, signal })[Symbol.asyncIterator]()
        })
      },
      async models(call) {
        const listed = (await inner.models?.(call)) ?? []
        if (models) return listed
        const known = new Map(listed.map((model) => [model.id, model]))
        const owner = { object: 'model' as const, created: 0, owned_by: id }
        return [...new Set([...withVariants([...known.keys()]), ...imageModels])].map(
          (name) => known.get(name) ?? { id: name, ...owner },
        )
      },
      ...(inner.probe && { probe: inner.probe }),
      async close() {
        await Promise.all([inner.close(), images.close()])
      },
    }
  },
}
