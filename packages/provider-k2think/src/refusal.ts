import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest, ContentPart, Tool } from '@dragoman/openai-schema'
import { refusedFile } from './file-text.ts'

type Refusal = NonNullable<Acceptance['refused']>

/** What would change the result and cannot be had, through either door: a 400 before any call. */
export function refusal(request: ChatCompletionRequest, promptsTools: boolean): Refusal | undefined {
  const { n, logprobs, top_logprobs, response_format, modalities } = request
  if (n && n > 1) return refused('n', 'gives one choice only')
  if (logprobs) return refused('logprobs', 'gives no log probabilities')
  if (top_logprobs) return refused('top_logprobs', 'gives no log probabilities')
  if (response_format?.type === 'json_schema') return refused('response_format', 'takes no json_schema')
  if (modalities?.includes('audio')) return refused('modalities', 'gives no audio')
  const offered = promptsTools ? undefined : offeredTools(request)
  if (offered) return refused(offered, 'takes no tools, and promptTools is off')
  return refusedTool(request) ?? refusedPart(request)
}

/** The field with tools that the model would have to be told of. */
function offeredTools({ tools, tool_choice, functions, function_call }: ChatCompletionRequest): string | undefined {
  if (tool_choice !== 'none' && tools?.some((tool) => !isHosted(tool))) return 'tools'
  return function_call !== 'none' && functions?.length ? 'functions' : undefined
}

/** Tools that the service would have to run itself. They are left out, unless one of them must be called. */
export function hostedTools({ tools }: ChatCompletionRequest): string[] {
  return (tools ?? []).flatMap((tool, i) => (isHosted(tool) ? [`tools[${i}]`] : []))
}

export function isHosted({ type }: Tool): boolean {
  return type !== 'function' && type !== 'custom'
}

function refusedTool({ tools, tool_choice }: ChatCompletionRequest): Refusal | undefined {
  const custom = (tools ?? []).findIndex(({ type }) => type === 'custom')
  if (custom >= 0) return refused(`tools[${custom}].type`, 'takes function tools only')
  const mustCall = tool_choice === 'required' || tool_choice === 'any'
  if (tools?.length && mustCall && tools.every(isHosted)) return refused('tools', 'runs no tools of its own')
  const chosen: string | undefined = typeof tool_choice === 'object' ? tool_choice?.type : undefined
  if (chosen === undefined || chosen === 'function' || chosen === 'allowed_tools') return undefined
  return refused('tool_choice', 'can be made to call function tools only')
}

function refusedPart({ messages }: ChatCompletionRequest): Refusal | undefined {
  for (const [i, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue
    for (const [j, part] of content.entries()) {
      const why = whyRefused(part)
      if (why) return refused(`messages[${i}].content[${j}]`, why)
    }
  }
  return undefined
}

/** K2-Think is a text model: an image would be dropped without a word, which is worse than an error. */
function whyRefused(part: ContentPart): string | undefined {
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'refusal':
    case 'thinking':
      return undefined
    case 'image_url':
    case 'image':
    case 'input_image':
      return 'takes no images'
    case 'input_audio':
      return 'takes no audio'
    case 'file':
      return refusedFile(part)
    default:
      return `takes no parts of the type ${JSON.stringify(part.type)}`
  }
}

function refused(param: string, why: string): Refusal {
  return { param, message: `K2-Think ${why}` }
}
