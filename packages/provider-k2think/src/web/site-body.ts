import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { PlainMessage } from '../plain-messages.ts'

export interface SiteQuestion {
  readonly request: ChatCompletionRequest
  /** The site's id of the model. */
  readonly model: string
  readonly messages: readonly PlainMessage[]
  readonly isStreamed: boolean
}

/** Made for each question; the site wants no conversation to exist for them. */
export interface SiteIds {
  readonly chat: string
  readonly message: string
  readonly session: string
}

/** What the site's own page sends for an account, but for titles and tags: those would cost it work for nobody. */
export function accountBody(
  { request, model, messages, isStreamed }: SiteQuestion,
  ids: SiteIds,
  variables: SiteVariables,
) {
  return {
    stream: isStreamed,
    model,
    messages,
    params: paramsOf(request),
    tool_servers: [],
    features: { image_generation: false, code_interpreter: false, web_search: false },
    variables,
    model_item: {
      id: model,
      object: 'model',
      owned_by: 'MBZUAI',
      root: 'mbzuai-k2-think-2508',
      parent: null,
      status: 'active',
      connection_type: 'external',
      name: model,
    },
    background_tasks: { title_generation: false, tags_generation: false },
    chat_id: ids.chat,
    id: ids.message,
    session_id: ids.session,
  }
}

/** The same for a guest, whose conversation has no place for the role `system`. */
export function guestBody({ request, model, messages, isStreamed }: SiteQuestion) {
  return {
    stream: isStreamed,
    model,
    messages: withoutSystem(messages),
    params: paramsOf(request),
    features: { web_search: false },
  }
}

function paramsOf({ temperature, max_tokens, max_completion_tokens }: ChatCompletionRequest) {
  const limit = max_completion_tokens ?? max_tokens
  return {
    ...(typeof temperature === 'number' && { temperature }),
    ...(typeof limit === 'number' && { max_tokens: limit }),
  }
}

type SiteVariables = Readonly<Record<string, string>>

/** What the page tells the model's template about its user. Nobody is made up: the names are Open WebUI's defaults. */
export function variablesAt(now: number, timeZone: string): SiteVariables {
  const date = new Date(now)
  const local = date.toLocaleString('sv-SE', { timeZone }) // Sweden writes dates as ISO 8601 does
  const [day = '', time = ''] = local.split(' ')
  return {
    '{{USER_NAME}}': 'User',
    '{{USER_LOCATION}}': 'Unknown',
    '{{CURRENT_DATETIME}}': local,
    '{{CURRENT_DATE}}': day,
    '{{CURRENT_TIME}}': time,
    '{{CURRENT_WEEKDAY}}': date.toLocaleDateString('en-US', { weekday: 'long', timeZone }),
    '{{CURRENT_TIMEZONE}}': timeZone,
    '{{USER_LANGUAGE}}': 'en-US',
  }
}

/** The instructions go before the first message of the user. */
function withoutSystem(messages: readonly PlainMessage[]): PlainMessage[] {
  const instructions = messages.filter(({ role }) => role === 'system').map(({ content }) => content)
  const others = messages.filter(({ role }) => role !== 'system')
  if (instructions.length === 0) return others
  const first = others.findIndex(({ role }) => role === 'user')
  const text = instructions.join('\n\n')
  if (first < 0) return [{ role: 'user', content: text }, ...others]
  return others.map((message, i) => (i === first ? { ...message, content: `${text}\n\n${message.content}` } : message))
}
