import { isRecord } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { wantsSearch } from '../search-tool.ts'
import type { SiteModel } from './models.ts'

/** The one message that begins a conversation at the site. It has no place for earlier ones, nor for client tools. */
export function encodeChat(
  text: string,
  files: readonly string[],
  request: ChatCompletionRequest,
  { scenario, model, kimiplusId, agentMode, ...defaults }: SiteModel,
) {
  const { reasoning_effort, thinking } = request
  const effort = reasoning_effort ? (efforts[reasoning_effort] ?? 'REASONING_EFFORT_LOW') : undefined
  const asked = isRecord(thinking) && typeof thinking.type === 'string' ? thinking.type !== 'disabled' : undefined
  const thinks = asked ?? (reasoning_effort ? reasoning_effort !== 'none' : defaults.thinking)
  const searches = wantsSearch(request) || defaults.search
  return {
    chat_id: '',
    scenario,
    ...(kimiplusId !== undefined && { kimiplus_id: kimiplusId }),
    ...(agentMode !== undefined && { agent_mode: agentMode }),
    // With its tools on, the site puts marks of citations into the text.
    tools: searches ? [{ type: 'TOOL_TYPE_SEARCH', search: {} }] : [],
    message: {
      parent_id: '',
      role: 'user',
      scenario,
      is_goal: false,
      blocks: [{ message_id: '', text: { content: text } }, ...files.map((id) => ({ message_id: '', file: { id } }))],
    },
    options: {
      thinking: thinks ?? false,
      ...(model !== undefined && { model }),
      ...(effort !== undefined && { reasoning_effort: effort }),
    },
    project_id: '',
  }
}

const efforts: Readonly<Record<string, string>> = {
  none: 'REASONING_EFFORT_NONE',
  minimal: 'REASONING_EFFORT_LOW',
  low: 'REASONING_EFFORT_LOW',
  medium: 'REASONING_EFFORT_LOW',
  high: 'REASONING_EFFORT_MAX',
  xhigh: 'REASONING_EFFORT_MAX',
  max: 'REASONING_EFFORT_MAX',
}
