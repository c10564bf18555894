import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { isPresent } from './drop-fields.ts'
import type { Settings } from './options.ts'
import type { Demand } from './preset.ts'

/** What this service cannot honour of the request, before anything is sent. */
export function accepts(
  request: ChatCompletionRequest,
  { name, unsupported, dropFields }: Pick<Settings, 'name' | 'unsupported' | 'dropFields'>,
): Acceptance {
  const dropped = dropFields.filter((path) => isPresent(request, path))
  for (const demand of unsupported) {
    const param = checks[demand](request)
    if (param !== undefined) return { dropped, refused: { param, message: `${name} ${lacks[demand]}` } }
  }
  return { dropped }
}

const lacks: Readonly<Record<Demand, string>> = {
  n: 'gives one choice only',
  logprobs: 'gives no log probabilities',
  json_schema: 'takes no json_schema; json_object may do',
  tools: 'takes no tools',
  images: 'takes no images',
  audio: 'takes and gives no audio',
}

/** Which field of the request makes the demand; undefined when it does not. */
const checks: Readonly<Record<Demand, (request: ChatCompletionRequest) => string | undefined>> = {
  n: ({ n }) => (n && n > 1 ? 'n' : undefined),
  logprobs: ({ logprobs, top_logprobs }) => (logprobs ? 'logprobs' : top_logprobs ? 'top_logprobs' : undefined),
  json_schema: ({ response_format }) => (response_format?.type === 'json_schema' ? 'response_format' : undefined),
  tools: ({ tools, functions }) => (tools?.length ? 'tools' : functions?.length ? 'functions' : undefined),
  images: ({ messages }) => partOfType(messages, ['image_url', 'image', 'input_image']),
  audio: ({ messages, modalities }) =>
    modalities?.includes('audio') ? 'modalities' : partOfType(messages, ['input_audio']),
}

function partOfType(messages: ChatCompletionRequest['messages'], types: readonly string[]): string | undefined {
  for (const [i, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue
    const j = content.findIndex((part) => types.includes(part.type))
    if (j >= 0) return `messages[${i}].content[${j}].type`
  }
  return undefined
}
