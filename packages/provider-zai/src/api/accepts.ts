import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { effortOf, thinkingOf, undocumented, userIdOf } from './encode-request.ts'
import { canStopThinking, readModelName, seesImages } from './model-name.ts'

/** What Z.AI cannot honour of the request, before anything is sent. */
export function accepts(request: ChatCompletionRequest): Acceptance {
  const named = readModelName(request.model)
  const dropped: string[] = undocumented.filter((field) => isPresent(request[field]))
  const { reasoning_effort: effort, user } = request
  const isStop = effort === 'none' && canStopThinking(named.id) && thinkingOf(request, named) !== undefined
  if (isPresent(effort) && effortOf(request, named) === undefined && !isStop) dropped.push('reasoning_effort')
  if (isPresent(user) && userIdOf(request) === undefined) dropped.push('user')
  return { dropped, refused: refusal(request, named.id) }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

function refusal(request: ChatCompletionRequest, id: string): Acceptance['refused'] {
  const { n, logprobs, top_logprobs, response_format, modalities, audio, functions, tools, tool_choice } = request
  const refuse = (param: string, message: string) => ({ param, message: `${param}: ${message}` })
  if (typeof n === 'number' && n > 1) return refuse('n', 'Z.AI gives one choice only')
  if (logprobs || top_logprobs) {
    return refuse(logprobs ? 'logprobs' : 'top_logprobs', 'Z.AI gives no log probabilities')
  }
  if (response_format?.type === 'json_schema') {
    return refuse('response_format', 'Z.AI documents no json_schema; json_object may do')
  }
  if (audio || modalities?.includes('audio')) return refuse(audio ? 'audio' : 'modalities', 'Z.AI answers in text only')
  if (functions?.length) return refuse('functions', 'Z.AI takes tools, which replaced them')
  const custom = (tools ?? []).findIndex(({ type }) => type === 'custom')
  if (custom >= 0) return refuse(`tools[${custom}].type`, 'Z.AI takes functions only, no custom tools')
  if (tools?.length && tool_choice && tool_choice !== 'auto' && tool_choice !== 'none') {
    return refuse('tool_choice', 'Z.AI documents `auto` only, so a call cannot be forced')
  }
  return unreadable(request, id)
}

const blindTo: Readonly<Record<string, string>> = {
  image_url: 'images',
  input_image: 'images',
  image: 'images',
  video_url: 'videos',
}

function unreadable({ messages }: ChatCompletionRequest, id: string): Acceptance['refused'] {
  for (const [i, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue
    for (const [j, { type }] of content.entries()) {
      const kind = blindTo[type]
      const param = `messages[${i}].content[${j}].type`
      if (type === 'input_audio') return { param, message: `${param}: Z.AI takes no audio` }
      if (kind === undefined || seesImages(id)) continue
      return { param, message: `${param}: ${id} is not known to take ${kind}` }
    }
  }
  return undefined
}
