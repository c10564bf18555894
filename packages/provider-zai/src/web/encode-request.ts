import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { SiteMessage } from './messages.ts'
import type { WebModel } from './models.ts'

export interface Conversation {
  readonly id: string
  /** Of the message of the user that is answered. */
  readonly userMessageId: string
}

export interface EncodeOptions {
  readonly request: ChatCompletionRequest
  readonly model: WebModel
  readonly messages: readonly SiteMessage[]
  /** Text of the last message of the user, which is signed. */
  readonly prompt: string
  readonly files: readonly unknown[]
  readonly chat: Conversation
  /** Of the answer. */
  readonly messageId: string
  readonly sessionId: string
  readonly variables: Readonly<Record<string, string>>
}

/** The body of the completion call, which always streams. */
export function encodeRequest(options: EncodeOptions): Record<string, unknown> {
  const { request, model, messages, prompt, files, chat, messageId, sessionId, variables } = options
  const limit = request.max_completion_tokens ?? request.max_tokens
  const { temperature } = request
  return {
    stream: true,
    model: model.id,
    messages,
    signature_prompt: prompt,
    files,
    params: {
      ...(typeof temperature === 'number' && { temperature }),
      ...(typeof limit === 'number' && { max_tokens: limit }),
    },
    features: featuresOf(request, model),
    mcp_servers: model.servers,
    variables,
    ...(!model.chatFirst && { model_item: { id: model.id, name: model.name, owned_by: 'openai' } }),
    chat_id: chat.id,
    id: messageId,
    ...(!model.chatFirst && { session_id: sessionId }),
    current_user_message_id: chat.userMessageId,
    current_user_message_parent_id: null,
    background_tasks: { title_generation: false, tags_generation: false },
    // Whether its models would honour them is not known, so they are in the prompt.
    tools: null,
    extra: {},
  }
}

/** The body that makes a conversation, for models that answer in none that they do not know. */
export function encodeChat(options: {
  readonly model: WebModel
  readonly request: ChatCompletionRequest
  readonly prompt: string
  readonly userMessageId: string
  readonly now: number
}): Record<string, unknown> {
  const { model, request, prompt, userMessageId, now } = options
  const message = {
    id: userMessageId,
    parentId: null,
    childrenIds: [],
    role: 'user',
    content: prompt.length > longestTitle ? `${prompt.slice(0, longestTitle)}...` : prompt,
    files: [],
    timestamp: Math.floor(now / 1000),
    models: [model.id],
  }
  const chat = {
    id: '',
    title: 'New chat',
    models: [model.id],
    params: {},
    history: { messages: { [userMessageId]: message }, currentId: userMessageId },
    tags: [],
    flags: [],
    features: [{ type: 'tool_selector', server: 'tool_selector_h', status: 'hidden' }],
    mcp_servers: model.servers,
    enable_thinking: isThinking(request, model),
    auto_web_search: isSearching(request, model),
    message_version: 1,
    extra: {},
    timestamp: now,
  }
  return { chat }
}

const longestTitle = 500

const hidden = ['vibe-coding', 'ppt-maker', 'image-search', 'deep-research', 'tool_selector', 'advanced-search']

function featuresOf(request: ChatCompletionRequest, model: WebModel): Record<string, unknown> {
  const search = isSearching(request, model)
  const selected = model.vision ? model.servers.map((server) => ({ type: 'mcp', server, status: 'selected' })) : []
  const listed = hidden.map((server) => ({
    type: server === 'tool_selector' ? 'tool_selector' : 'mcp',
    server,
    status: 'hidden',
  }))
  const features = model.chatFirst ? selected : listed
  return {
    image_generation: false,
    web_search: search,
    auto_web_search: search,
    preview_mode: !model.vision,
    flags: [],
    enable_thinking: isThinking(request, model),
    ...(features.length > 0 && { features }),
  }
}

/** What the request says beats what the name of the model says. */
function isThinking({ enable_thinking, thinking, reasoning_effort }: ChatCompletionRequest, model: WebModel): boolean {
  if (typeof enable_thinking === 'boolean') return enable_thinking
  if (typeof thinking === 'boolean') return thinking
  if (typeof thinking === 'object' && thinking !== null && 'type' in thinking) return thinking.type !== 'disabled'
  if (typeof reasoning_effort === 'string') return reasoning_effort !== 'none'
  return model.thinking
}

function isSearching({ web_search, web_search_options, tools }: ChatCompletionRequest, model: WebModel): boolean {
  if (typeof web_search === 'boolean') return web_search
  const isAsked = tools?.some(({ type }) => type === 'web_search' || type === 'web_search_preview')
  return model.search || Boolean(web_search_options) || Boolean(isAsked)
}

/** What the site's page tells the model of time and place. */
export function variablesAt(now: number, timeZone: string, language: string): Record<string, string> {
  const date = new Date(now)
  const [day, time] = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
    .format(date)
    .split(' ')
  const weekday = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'long' }).format(date)
  return {
    '{{USER_NAME}}': 'User',
    '{{USER_LOCATION}}': 'Unknown',
    '{{CURRENT_DATETIME}}': `${day} ${time}`,
    '{{CURRENT_DATE}}': `${day}`,
    '{{CURRENT_TIME}}': `${time}`,
    '{{CURRENT_WEEKDAY}}': weekday,
    '{{CURRENT_TIMEZONE}}': timeZone,
    '{{USER_LANGUAGE}}': language,
  }
}
