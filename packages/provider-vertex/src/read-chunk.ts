import { isRecord } from '@dragoman/core'
import type {
  ChatCompletionChunk,
  ChunkChoice,
  Delta,
  ReasoningDetail,
  ToolCallDelta,
  Usage,
} from '@dragoman/openai-schema'
import type { Fields } from './record.ts'
import { googleExtra, signatureDetail, signatureIn } from './signatures.ts'

/**
 * A chunk with thoughts as reasoning, signatures as reasoning details besides where they came, and what open models send
 * in other types than OpenAI's. The same object where nothing has to change, as in nearly all.
 */
export function readChunk(chunk: ChatCompletionChunk): ChatCompletionChunk {
  let changed = chunk
  if (Array.isArray(chunk.choices)) {
    const choices = chunk.choices.map(readChoice)
    if (choices.some((choice, i) => choice !== chunk.choices[i])) changed = { ...changed, choices }
  }
  const usage = chunk.usage ? withThoughts(chunk.usage) : chunk.usage
  return usage === chunk.usage ? changed : { ...changed, usage }
}

function readChoice(choice: ChunkChoice): ChunkChoice {
  if (!isRecord(choice) || !isRecord(choice.delta)) return choice
  const { delta } = choice
  if (delta.extra_content === undefined && !Array.isArray(delta.tool_calls)) return choice
  const read = readDelta(delta)
  return read === delta ? choice : { ...choice, delta: read }
}

function readDelta(delta: Delta): Delta {
  const details: ReasoningDetail[] = []
  const ofText = signatureIn(delta.extra_content)
  if (ofText !== undefined) details.push(signatureDetail(ofText, undefined))
  let read = isThought(delta) ? asReasoning(delta) : delta
  if (Array.isArray(delta.tool_calls)) {
    const calls = delta.tool_calls.map((call) => readCall(call, details))
    if (calls.some((call, i) => call !== delta.tool_calls?.[i])) read = { ...read, tool_calls: calls }
  }
  return details.length === 0 ? read : { ...read, reasoning_details: [...(delta.reasoning_details ?? []), ...details] }
}

function isThought(delta: Delta): boolean {
  return googleExtra(delta.extra_content).thought === true && typeof delta.content === 'string'
}

function asReasoning({ content, extra_content, ...rest }: Delta): Delta {
  const { thought, ...google } = googleExtra(extra_content)
  const isLeft = Object.keys(google).length > 0
  return { ...rest, reasoning_content: content ?? '', ...(isLeft && { extra_content: { google } }) }
}

/** Adds the call's signature to `details`. A call that is signed needs its id from the start, to be found by it. */
function readCall(call: ToolCallDelta, details: ReasoningDetail[]): ToolCallDelta {
  if (!isRecord(call)) return call
  const read = withNameAsText(call)
  const signature = signatureIn(call.extra_content)
  // A later piece of a call that nothing names: the client has its signature where it came.
  if (signature === undefined || !(call.id || call.function?.name)) return read
  const id = call.id || `call_${crypto.randomUUID().replaceAll('-', '')}`
  details.push(signatureDetail(signature, id))
  return id === call.id ? read : { ...read, id }
}

/** Kimi's tools are numbered by some engines, and the number then stands for the name. */
function withNameAsText(call: ToolCallDelta): ToolCallDelta {
  const name: unknown = call.function?.name
  return typeof name === 'number' ? { ...call, function: { ...call.function, name: String(name) } } : call
}

/** Gemini's thoughts are counted beside the answer: the total says so. */
function withThoughts(usage: Usage): Usage {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage
  const details: Fields = isRecord(usage.completion_tokens_details) ? usage.completion_tokens_details : {}
  const { reasoning_tokens: thoughts } = details
  if (typeof thoughts !== 'number' || thoughts <= 0 || prompt + completion + thoughts !== total) return usage
  return { ...usage, completion_tokens: completion + thoughts }
}
