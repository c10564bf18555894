import { type Endpoint, isRecord, type LogEntry, utf8Length } from '@dragoman/core'
import type { ChatCompletionRequest, Usage } from '@dragoman/openai-schema'
import type { AdmissionQuery } from '../../admission.ts'
import { mostLongerModels, type Target } from '../../deployments.ts'
import { costOf } from '../../pricing/cost.ts'
import type { Price } from '../../pricing/price.ts'
import { nanoPerUsd, type Spending } from './budgets.ts'
import { isTelling, namesIn } from './smuggled.ts'

/** What a request may take, before it is made. */
export interface Estimate {
  readonly promptTokens: number
  readonly completionTokens: number
  readonly images: number
}

/** Most answers are shorter, and few models are limited to fewer. */
const longestAnswer = 4_096
const bytesPerToken = 4
/** About what services count for a picture, a page or some seconds of sound. */
const tokensPerPart = 1_000

/** For one call. */
export function estimateOf({ chat, endpoint, body }: AdmissionQuery): Estimate {
  return chat ? ofChat(chat) : ofEndpoint(endpoint, body)
}

function ofChat(chat: ChatCompletionRequest): Estimate {
  const { messages, tools, max_completion_tokens, max_tokens, n } = chat
  let bytes = tools ? bytesOf(tools) : 0
  let attached = 0
  for (const message of messages) {
    const { content } = message
    if (typeof content === 'string') bytes += bytesOf(content)
    else if (content) {
      for (const part of content) {
        // A picture as a data URL has many bytes and few tokens.
        if ('text' in part && typeof part.text === 'string') bytes += bytesOf(part.text)
        else attached++
      }
    }
    if (message.role === 'assistant' && message.tool_calls) bytes += bytesOf(message.tool_calls)
  }
  const asked = max_completion_tokens ?? max_tokens ?? longestAnswer
  return {
    promptTokens: Math.ceil(bytes / bytesPerToken) + attached * tokensPerPart,
    completionTokens: Math.max(0, Math.min(asked, longestAnswer)) * timesOf(n),
    images: 0,
  }
}

/** Of longer texts so many characters are looked at: a script has about as many bytes for each throughout. */
const sampled = 64

/** About how many bytes a value has as JSON, without making it. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') {
    if (value.length <= 2 * sampled) return utf8Length(value)
    const stride = value.length / sampled
    let bytes = 0
    for (let i = 0; i < sampled; i++) {
      const unit = value.charCodeAt(Math.floor(i * stride))
      bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3
    }
    return Math.ceil(bytes * stride)
  }
  if (typeof value !== 'object' || value === null) return bytesPerToken
  let bytes = 2
  if (Array.isArray(value)) for (const each of value) bytes += bytesOf(each) + 1
  else for (const key in value) bytes += key.length + 4 + bytesOf((value as Record<string, unknown>)[key])
  return bytes
}

/** What is in a form is not known before it has been sent on. */
function ofEndpoint(endpoint: Endpoint | undefined, body: unknown): Estimate {
  const { n, best_of, max_tokens, input, prompt }: Readonly<Record<string, unknown>> = isRecord(body) ? body : {}
  const times = Math.max(timesOf(n), endpoint === 'completions' ? timesOf(best_of) : 1)
  const asked = typeof max_tokens === 'number' ? max_tokens : longestAnswer
  const answerLength = Math.max(0, Math.min(asked, longestAnswer))
  return {
    promptTokens: tokensIn(input ?? prompt),
    completionTokens: endpoint === 'completions' ? answerLength * times * promptsIn(prompt) : 0,
    images: endpoint?.startsWith('images/') ? times : 0,
  }
}

/** No service makes more answers at once, and what is reserved has to stay a number that one can count with. */
const mostTimes = 1_000

function timesOf(n: unknown): number {
  return typeof n === 'number' && n > 1 ? Math.min(n, mostTimes) : 1
}

/** Each text of a list is answered by itself; a list of tokens is one text. */
function promptsIn(prompt: unknown): number {
  return Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1
}

/** Texts, lists of them, and texts that are tokens already. */
function tokensIn(value: unknown): number {
  if (typeof value === 'string') return Math.ceil(bytesOf(value) / bytesPerToken)
  if (typeof value === 'number') return 1
  if (!Array.isArray(value)) return isRecord(value) && typeof value.text === 'string' ? tokensIn(value.text) : 0
  let tokens = 0
  for (const each of value) tokens += tokensIn(each)
  return tokens
}

/** For all calls, at the list price of the dearest that may be called; no money where no price is known. */
export function reservedSpending(
  { body, calls, plan, priceOf, resolve }: AdmissionQuery,
  targets: readonly Target[],
  estimate: Estimate,
): Spending {
  const tokens = calls * (estimate.promptTokens + estimate.completionTokens)
  let nanoUsd: number | undefined
  const add = (price: Price | undefined) => {
    const cost = price && listPrice(price, estimate)
    if (cost !== undefined) nanoUsd = Math.max(nanoUsd ?? 0, calls * nano(cost))
  }
  for (const target of targets) add(priceOf(target))
  let longer = plan.group?.onContextTooLong
  for (let step = 0; longer !== undefined && step < mostLongerModels; step++) {
    const meaning = resolve(longer)
    for (const target of meaning?.targets ?? []) add(priceOf(target))
    longer = meaning?.group?.onContextTooLong
  }
  for (const { value: model } of isTelling(body) ? namesIn(body) : []) {
    for (const { entry } of targets) add(priceOf({ entry, model }))
  }
  return { nanoUsd, tokens }
}

const million = 1_000_000

function listPrice(price: Price, { promptTokens, completionTokens, images }: Estimate): number | undefined {
  if (!price.tiers && images === 0) {
    const { input, output, reasoning = output } = price
    return (promptTokens * input + completionTokens * Math.max(output, reasoning)) / million
  }
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
  const cost = costOf(usage, price, { images })
  if (price.reasoning === undefined || price.reasoning <= price.output || cost === undefined) return cost
  return costOf({ ...usage, completion_tokens_details: { reasoning_tokens: completionTokens } }, price, { images })
}

/**
 * What a request came to, all its calls together. Where it was answered, or left while it was, and nobody says what that
 * took, what was reserved for it; where tokens were used at a price that is not known, the reserved price for each of them.
 */
export function spentOn({ attempts, usage, cost, error, answeredBy }: LogEntry, reserved: Spending): Spending {
  if (answeredBy) return nothing
  let tokens = 0
  let isTold = false
  let isUncounted = false
  let isPriced = cost !== undefined
  for (const attempt of attempts) {
    if (!attempt.usage) continue
    if (attempt.cost === undefined && saysNothing(attempt.usage)) {
      isUncounted = true
      continue
    }
    isTold = true
    tokens += whole(attempt.usage.prompt_tokens) + whole(attempt.usage.completion_tokens)
    isPriced &&= attempt.cost !== undefined
  }
  if (!isTold && usage && !saysNothing(usage)) {
    isTold = true
    tokens = whole(usage.prompt_tokens) + whole(usage.completion_tokens)
  }
  if (!isTold && cost === undefined) return error && !isUncounted ? nothing : reserved
  if (reserved.nanoUsd === undefined) return { nanoUsd: cost === undefined ? undefined : nano(cost), tokens }
  const atReserved = reserved.tokens === 0 ? 0 : Math.ceil((reserved.nanoUsd * tokens) / reserved.tokens)
  return { nanoUsd: isPriced ? nano(cost ?? 0) : Math.max(nano(cost ?? 0), atReserved), tokens }
}

/** Bytes are handed on unread, and so are answers that report no usage: no tokens are known of them, not none used. */
function saysNothing({ prompt_tokens, completion_tokens, estimated }: Usage): boolean {
  return estimated === true && prompt_tokens + completion_tokens === 0
}

const nothing: Spending = { nanoUsd: 0, tokens: 0 }

function nano(usd: number): number {
  return Math.ceil(usd * nanoPerUsd - 1e-6)
}

function whole(tokens: number): number {
  return Number.isFinite(tokens) ? Math.max(0, Math.round(tokens)) : 0
}
