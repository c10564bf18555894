import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { unreadByGemini } from './encode-request.ts'
import { readModel, seesImages, type VertexModel } from './model-name.ts'
import type { VertexOptions } from './options.ts'
import { thinkingOf } from './thinking.ts'

/** What Vertex AI cannot honour of the request, before anything is sent. */
export function accepts(request: ChatCompletionRequest, options: VertexOptions): Acceptance {
  const model = readModel(request.model)
  return { dropped: leftOut(request, model), refused: refusal(request, model, options.visionModels ?? []) }
}

function leftOut(request: ChatCompletionRequest, { gemini }: VertexModel): readonly string[] {
  const hidden = request.stream && request.stream_options?.include_obfuscation
  const dropped: string[] = hidden ? ['stream_options.include_obfuscation'] : []
  if (!gemini) return dropped
  const unread = unreadByGemini.filter((field) => {
    const value = request[field]
    // True is what it is anyway.
    return value !== undefined && value !== null && !(field === 'parallel_tool_calls' && value === true)
  })
  return [...dropped, ...unread, ...thinkingOf(request, gemini, true).dropped]
}

function refusal(
  request: ChatCompletionRequest,
  model: VertexModel,
  visionModels: readonly string[],
): Acceptance['refused'] {
  const { modalities, audio, functions, tools } = request
  const refuse = (param: string, message: string) => ({ param, message: `${param}: ${message}` })
  if (audio || modalities?.includes('audio')) {
    return refuse(audio ? 'audio' : 'modalities', 'Vertex AI answers in text only here')
  }
  if (functions?.length) return refuse('functions', 'Vertex AI takes tools, which replaced them')
  const foreign = (tools ?? []).findIndex(({ type }) => type !== 'function')
  if (foreign >= 0) return refuse(`tools[${foreign}].type`, 'Vertex AI takes functions only here')
  return unreadable(request, model, visionModels)
}

const kinds: Readonly<Record<string, string>> = {
  image_url: 'images',
  input_image: 'images',
  image: 'images',
  input_audio: 'audio',
  video_url: 'videos',
  video: 'videos',
  file: 'files',
}

/** Open models leave unread what they cannot see, and answer all the same. */
function unreadable(
  { messages }: ChatCompletionRequest,
  { id, gemini }: VertexModel,
  visionModels: readonly string[],
): Acceptance['refused'] {
  for (const [i, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue
    for (const [j, { type }] of content.entries()) {
      const kind = kinds[type]
      if (kind === undefined || (type === 'image_url' && seesImages(id, visionModels))) continue
      if (kind === 'audio' && gemini) continue
      const param = `messages[${i}].content[${j}].type`
      return { param, message: `${param}: ${id} is not known to take ${kind} here` }
    }
  }
  return undefined
}
