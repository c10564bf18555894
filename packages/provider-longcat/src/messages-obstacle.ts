import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { namedModel, speaksMessages } from './model-names.ts'
import { refusal } from './text-only.ts'

/** Why a request in Anthropic's dialect cannot go on as it is. */
export function messagesObstacle(request: ChatCompletionRequest): string | undefined {
  const { model } = namedModel(request.model)
  if (model !== request.model) return `the model is sent as ${model}`
  if (!speaksMessages(model)) return 'the model does not speak this dialect'
  return refusal(request) ? 'the service takes text only' : undefined
}
