import type { Acceptance } from '@dragoman/core'
import { promptTools } from '@dragoman/normalizer'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { unhonoured } from '../honoured-fields.ts'
import { hostedTools, refusal } from '../refusal.ts'
import type { K2ThinkWebOptions } from '../web.ts'

/** What the site cannot honour of a request, before anything is sent. */
export function accepts(
  request: ChatCompletionRequest,
  { promptTools: isPrompted = true, maxToolCharacters }: Pick<K2ThinkWebOptions, 'promptTools' | 'maxToolCharacters'>,
): Acceptance {
  return {
    dropped: [...unhonoured(request), ...hostedTools(request), ...earlierReasoning(request)],
    refused: refusal(request, isPrompted) ?? tooManyTools(request, maxToolCharacters),
  }
}

/** It has no place in a conversation of text; the model's own template leaves it out as well. */
function earlierReasoning({ messages }: ChatCompletionRequest): string[] {
  const hasIt = messages.some((message) => message.role === 'assistant' && message.reasoning_content)
  return hasIt ? ['messages[].reasoning_content'] : []
}

/** The site is reported to refuse long descriptions of tools; where it does is for the operator to find out. */
function tooManyTools(request: ChatCompletionRequest, most: number | undefined): Acceptance['refused'] {
  const { tools, functions } = request
  if (most === undefined || !(tools?.length || functions?.length)) return undefined
  const [first] = promptTools({ ...request, messages: [] as { role: string; content?: unknown }[] }).messages
  const length = typeof first?.content === 'string' ? first.content.length : 0
  if (length <= most) return undefined
  const message = `The tools take ${length} characters of prompt, and maxToolCharacters of k2think-web is ${most}`
  return { param: tools?.length ? 'tools' : 'functions', message }
}
