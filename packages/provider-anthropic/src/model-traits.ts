import type { MessagesOptions } from '@dragoman/dialects/anthropic-messages'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Settings } from './options.ts'

/** What is sent to a model, and how. */
export interface ModelTraits extends MessagesOptions {
  /** It thinks where nothing is said about that. */
  readonly thinksUnasked?: boolean | undefined
  /** It knows no effort of `xhigh`. */
  readonly lacksXhigh?: boolean | undefined
}

// By Anthropic's documentation and what its users report, November 2026.
const thinksAlways: ModelTraits = { thinking: 'always', sampling: false, prefill: false, maxTokens: 32_000 }
const fifth: ModelTraits = { ...thinksAlways, thinking: 'adaptive', thinksUnasked: true }
const since47: ModelTraits = { ...thinksAlways, thinking: 'adaptive' }
const only46: ModelTraits = { ...since47, sampling: true, lacksXhigh: true }
// A thinking budget comes on top, and Opus 4 gives 32,000 at most.
const fourth: ModelTraits = { thinking: 'budget', maxTokens: 8192 }

/** By its name; what is not known of it is as `messagesUpstream` assumes it. */
function traitsByName(model: string): ModelTraits {
  if (/claude-(fable|mythos)/i.test(model)) return thinksAlways
  const [, major, minor = '0'] = /claude-(?:[a-z]+-)?(\d)(?:[-.](\d{1,2})(?!\d))?/i.exec(model) ?? []
  if (major === undefined) return {}
  const version = Number(major) * 100 + Number(minor)
  if (version >= 505) return thinksAlways
  if (version >= 500) return fifth
  if (version >= 407) return since47
  if (version >= 406) return only46
  return version >= 400 ? fourth : {}
}

/** From this version of the API on, sampling is refused whatever the model. */
const withoutSampling = '2026-10-21'

/** What a model is like: by its name, by the version of the API, and by what the operator says about it. */
export function traitsOf(
  model: string,
  { modelOptions, version }: Pick<Settings, 'modelOptions' | 'version'>,
): ModelTraits {
  const [said] = Object.keys(modelOptions)
    .filter((beginning) => model.startsWith(beginning))
    .sort((a, b) => b.length - a.length)
  return {
    ...traitsByName(model),
    ...(version >= withoutSampling && { sampling: false }),
    ...(said !== undefined && modelOptions[said]),
  }
}

/** The request in words that the model knows. */
export function adapted(request: ChatCompletionRequest, traits: ModelTraits): ChatCompletionRequest {
  const { reasoning_effort: effort, thinking } = request
  if (effort === 'xhigh' && traits.lacksXhigh) return { ...request, reasoning_effort: 'max' }
  if (!traits.thinksUnasked || traits.forcedToolsWithThinking || !isForced(request)) return request
  // To be forced it must not think; and where it is told not to, it refuses the two highest efforts.
  if (effort === 'xhigh' || effort === 'max') return { ...request, reasoning_effort: 'high' }
  return effort || thinking ? request : { ...request, reasoning_effort: 'none' }
}

function isForced({ tool_choice: choice, tools }: ChatCompletionRequest): boolean {
  if (!tools?.length || !choice || choice === 'auto' || choice === 'none') return false
  return typeof choice === 'string' || choice.type !== 'allowed_tools' || choice.allowed_tools.mode === 'required'
}
