import type { Acceptance } from '@dragoman/core'
import type { ChatCompletionRequest, ContentPart, FilePart, MessageContent } from '@dragoman/openai-schema'

export interface Exceptions {
  /** Demands that are sent on: the operator says that the service can meet them. */
  readonly kept?: readonly string[]
  readonly takesImages?: boolean
}

/** A demand that changes the answer and that a service of one text cannot meet. */
export function refusal(
  request: ChatCompletionRequest,
  { kept = [], takesImages = false }: Exceptions = {},
): Acceptance['refused'] {
  const { n, logprobs, top_logprobs, modalities, response_format: format } = request
  const refuse = (param: string, what: string) => ({ param, message: `LongCat ${what}` })
  if (n && n > 1 && !kept.includes('n')) return refuse('n', 'gives one choice only')
  if ((logprobs || top_logprobs) && !kept.includes('logprobs')) {
    return refuse(logprobs ? 'logprobs' : 'top_logprobs', 'gives no log probabilities')
  }
  if (modalities?.includes('audio') || request.audio) {
    return refuse(request.audio ? 'audio' : 'modalities', 'answers in text only')
  }
  if (format && !['text', 'json_object'].includes(format.type) && !kept.includes('response_format')) {
    return refuse('response_format', `takes no ${format.type}`)
  }
  return takesImages ? undefined : refusedPart(request)
}

function refusedPart({ messages }: ChatCompletionRequest): Acceptance['refused'] {
  for (const [i, { content }] of messages.entries()) {
    if (!Array.isArray(content)) continue
    for (const [j, part] of content.entries()) {
      const what = whyNot(part)
      if (what) return { param: `messages[${i}].content[${j}].type`, message: `LongCat takes text only, ${what}` }
    }
  }
  return undefined
}

/** Why a part cannot become text; undefined where it can, or might. */
function whyNot(part: ContentPart): string | undefined {
  if (part.type === 'text' || part.type === 'refusal' || part.type === 'input_text' || part.type === 'thinking') {
    return undefined
  }
  if (part.type !== 'file') return part.type === 'image_url' ? 'images not supported' : `${part.type} not supported`
  const url = urlOf(part)
  if (url === undefined) return 'and knows no file_id'
  const [, declared = ''] = /^data:([^;,]*)/i.exec(url) ?? []
  return declared === '' || mayBeText(declared) ? undefined : `and a file of ${declared} is none`
}

export function urlOf({ file }: FilePart): string | undefined {
  return file.file_data || undefined
}

export function mayBeText(type: string): boolean {
  return isTextType(type) || type.toLowerCase() === 'application/octet-stream'
}

export function isTextType(type: string): boolean {
  return /^text\/|[/+](json|xml|yaml|x-yaml|javascript|ecmascript|typescript|x-ndjson|toml|sql|graphql|x-sh)$/i.test(
    type,
  )
}

/** Content as one text; what is none is left out. */
export function textOf(content: MessageContent | null | undefined): string {
  if (!Array.isArray(content)) return content ?? ''
  return content.flatMap((part) => textIn(part) ?? []).join('\n')
}

function textIn(part: ContentPart): string | undefined {
  if (part.type === 'refusal') return part.refusal
  return 'text' in part && typeof part.text === 'string' ? part.text : undefined
}
