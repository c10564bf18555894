import { DragomanError } from '@dragoman/core'
import type { ChatCompletionRequest, ChatMessage } from '@dragoman/openai-schema'
import { budgetOfEffort } from './effort.ts'
import type { MessagesOptions } from './messages-options.ts'
import { isSigned } from './write-reasoning.ts'

/** How a request is to be thought about. */
export interface ThinkingPlan {
  /** Undefined: as the model does by itself. */
  readonly thinking: Readonly<Record<string, unknown>> | undefined
  readonly effort: string | undefined
  readonly isOn: boolean
  /** Tokens of the answer, thinking included. */
  readonly maxTokens: number
  readonly dropped: readonly string[]
}

const defaultMaxTokens = 4096
/** The smallest budget that is taken. */
const leastBudget = 1024

/** Throws `unsupported_value` where the request demands what a thinking model refuses. */
export function planThinking(request: ChatCompletionRequest, options: MessagesOptions): ThinkingPlan {
  const asked = request.max_completion_tokens ?? request.max_tokens ?? undefined
  const base = { thinking: undefined, effort: undefined, isOn: false, dropped: [] }
  const maxTokens = asked ?? options.maxTokens ?? defaultMaxTokens
  const wish = readWish(request)
  const obstacle = obstacleOf(request, options)
  const leftOut = wish.kind === 'think' ? [wish.from] : []

  switch (options.thinking ?? 'budget') {
    case 'always':
      if (obstacle)
        throw new DragomanError('unsupported_value', `${obstacle.param}: ${obstacle.reason}`, { param: obstacle.param })
      return {
        thinking: adaptive,
        effort: wish.kind === 'think' ? wish.effort : undefined,
        isOn: true,
        maxTokens,
        dropped: wish.kind === 'none' ? [wish.from] : [],
      }
    case 'adaptive':
      if (wish.kind === 'unsaid') return { ...base, maxTokens }
      if (wish.kind === 'none') return { ...base, thinking: { type: 'disabled' }, maxTokens }
      if (obstacle) return { ...base, thinking: { type: 'disabled' }, effort: wish.effort, maxTokens, dropped: leftOut }
      return { ...base, thinking: adaptive, effort: wish.effort, isOn: true, maxTokens }
    case 'budget': {
      if (wish.kind !== 'think') return { ...base, maxTokens }
      // Room for the answer itself stays.
      const budget = asked === undefined ? wish.budget : Math.min(wish.budget, Math.floor(asked * 0.75))
      if (obstacle || budget < leastBudget || lacksSignature(request.messages)) {
        return { ...base, maxTokens, dropped: leftOut }
      }
      const thinking = { type: 'enabled', budget_tokens: budget }
      return { ...base, thinking, isOn: true, maxTokens: asked ?? maxTokens + budget }
    }
  }
}

// By default the newest models keep the text of their thinking to themselves.
const adaptive = { type: 'adaptive', display: 'summarized' } as const

type Wish =
  | { readonly kind: 'unsaid' }
  | { readonly kind: 'none'; readonly from: string }
  | { readonly kind: 'think'; readonly from: string; readonly effort: string | undefined; readonly budget: number }

/** `thinking` is Anthropic's own field, and of other services: clients of Chat send it as well. */
function readWish({ reasoning_effort: effort, thinking }: ChatCompletionRequest): Wish {
  if (effort === 'none') return { kind: 'none', from: 'reasoning_effort' }
  if (effort) {
    return {
      kind: 'think',
      from: 'reasoning_effort',
      effort: effort === 'minimal' ? 'low' : effort,
      budget: budgetOfEffort(effort),
    }
  }
  if (typeof thinking !== 'object' || thinking === null || !('type' in thinking)) return { kind: 'unsaid' }
  if (thinking.type === 'disabled') return { kind: 'none', from: 'thinking' }
  const tokens = 'budget_tokens' in thinking ? thinking.budget_tokens : undefined
  const budget = typeof tokens === 'number' ? tokens : budgetOfEffort('medium')
  return { kind: 'think', from: 'thinking', effort: undefined, budget }
}

/** What of the request cannot be had together with thinking. */
function obstacleOf(
  { tool_choice: choice, tools, messages }: ChatCompletionRequest,
  { forcedToolsWithThinking }: MessagesOptions,
): { readonly param: string; readonly reason: string } | undefined {
  const isForced =
    Boolean(tools?.length) &&
    (choice === 'required' ||
      choice === 'any' ||
      (typeof choice === 'object' &&
        choice !== null &&
        (choice.type !== 'allowed_tools' || choice.allowed_tools.mode === 'required')))
  if (isForced && !forcedToolsWithThinking) {
    return { param: 'tool_choice', reason: 'this model thinks, and so cannot be made to call a tool' }
  }
  if (messages.at(-1)?.role === 'assistant') {
    return { param: `messages[${messages.length - 1}]`, reason: 'this model does not go on with its own message' }
  }
  return undefined
}

/** With a budget, a turn of calls that is gone on with has to begin with its thinking; where that is lost, without. */
function lacksSignature(messages: readonly ChatMessage[]): boolean {
  const last = messages.findLast((message) => message.role === 'assistant')
  return last?.role === 'assistant' && Boolean(last.tool_calls?.length) && !isSigned(last)
}
