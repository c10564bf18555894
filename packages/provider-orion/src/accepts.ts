import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest, ContentPart } from '@dragoman/openai-schema'

/** The service takes a text and the name of a mode, and nothing else. */
const withoutField = [
  'audio',
  'frequency_penalty',
  'logit_bias',
  'max_completion_tokens',
  'max_tokens',
  'min_p',
  'prediction',
  'presence_penalty',
  'reasoning',
  'reasoning_effort',
  'repetition_penalty',
  'seed',
  'temperature',
  'thinking',
  'top_k',
  'top_p',
  'verbosity',
  'web_search_options',
] as const satisfies (keyof ChatCompletionRequest)[]

/** What Orion cannot honour of a request, before anything is sent. */
export function accepts(request: ChatCompletionRequest, options: { readonly promptTools: boolean }): Acceptance {
  const dropped: string[] = withoutField.filter((field) => (request[field] ?? null) !== null)
  const { type = 'text' } = request.response_format ?? {}
  if (type === 'json_object') dropped.push('response_format')
  for (const [i, tool] of (request.tools ?? []).entries()) if (isHosted(tool)) dropped.push(`tools[${i}]`)
  if (request.messages.some((message) => message.role === 'assistant' && message.reasoning_content)) {
    dropped.push('messages[].reasoning_content')
  }
  const refused = refusal(request, options)
  return refused ? { dropped, refused } : { dropped }
}

function refusal(request: ChatCompletionRequest, options: { readonly promptTools: boolean }): Acceptance['refused'] {
  const { n, logprobs, top_logprobs, modalities, response_format, tools, functions, tool_choice } = request
  if (n && n > 1) return { param: 'n', message: 'Orion gives one choice only' }
  if (logprobs || top_logprobs) {
    return { param: logprobs ? 'logprobs' : 'top_logprobs', message: 'Orion gives no log probabilities' }
  }
  if (modalities?.includes('audio')) return { param: 'modalities', message: 'Orion answers in text only' }
  const { type = 'text' } = response_format ?? {}
  if (type !== 'text' && type !== 'json_object') {
    return { param: 'response_format', message: `Orion cannot be held to a response format of type ${type}` }
  }
  // Their answers are of a form of their own, which the prompted one is not.
  if (functions?.length) return { param: 'functions', message: 'functions are not taken here: use tools' }
  if (!options.promptTools && tool_choice !== 'none' && tools?.some((tool) => !isHosted(tool))) {
    return { param: 'tools', message: 'Orion takes no tools, and promptTools is off' }
  }
  const custom = tools?.findIndex((tool) => tool.type === 'custom') ?? -1
  // A prompted call is one of a function.
  if (custom >= 0) return { param: `tools[${custom}].type`, message: 'Only function tools can be offered by prompt' }
  if (isHosted(tool_choice)) return { param: 'tool_choice', message: 'Orion has no hosted tools' }
  return foreignPart(request.messages)
}

/** A tool, or the choice of one, that the service would have to run itself. */
function isHosted(tool: unknown): boolean {
  const type = typeof tool === 'object' && tool !== null && 'type' in tool ? tool.type : undefined
  return typeof type === 'string' && !['function', 'custom', 'allowed_tools'].includes(type)
}

function foreignPart(messages: ChatCompletionRequest['messages']): Acceptance['refused'] {
  for (const [i, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue
    const j = content.findIndex((part) => !isText(part))
    const part = content[j]
    if (!part) continue
    const message = `Orion takes text only, not a content part of type ${part.type}`
    return { param: `messages[${i}].content[${j}].type`, message }
  }
  return undefined
}

/** Reasoning of an earlier answer is none, but goes without saying. */
function isText({ type }: ContentPart): boolean {
  return ['text', 'input_text', 'refusal', 'thinking', 'file'].includes(type)
}
