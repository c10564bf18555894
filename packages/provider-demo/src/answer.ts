import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chooseTools } from './choose-tools.ts'
import type { DemoModel } from './models.ts'
import { type Offer, type OfferedTool, readOffer } from './offer.ts'
import { type Question, readQuestion } from './question.ts'
import { createClues } from './schema/clues.ts'
import { fitSchema } from './schema/fit-schema.ts'
import type { JsonValue } from './schema/json-schema.ts'
import { answerText, reasoningText, resultsText } from './texts.ts'
import { wordsOf } from './words.ts'

/** One choice of an answer, whole, in the order in which it is written. */
export interface Answer {
  readonly parts: readonly AnswerPart[]
  readonly finishReason: 'stop' | 'length' | 'tool_calls' | 'function_call'
}

export type AnswerPart = TextPart | CallPart

export interface TextPart {
  readonly kind: 'reasoning' | 'text'
  /** Where it is written; a model of raw markup has its reasoning in the content. */
  readonly field: 'reasoning_content' | 'content'
  readonly text: string
}

export interface CallPart {
  readonly kind: 'call'
  readonly tool: Pick<OfferedTool, 'kind' | 'name'>
  /** JSON arguments, or the input of a custom tool. */
  readonly text: string
}

/** What `model` says as choice number `index`, before any limit, with everything in fields of its own. */
export function answerTo(request: ChatCompletionRequest, model: DemoModel, index: number): Answer {
  const question = readQuestion(request)
  const offer = readOffer(request)
  const tools = question.isFromUser ? chooseTools(offer, question.text) : []
  const isJson = request.response_format?.type === 'json_object' || request.response_format?.type === 'json_schema'

  const parts: AnswerPart[] = []
  if (isReasoning(request, model, offer)) {
    const text = reasoningText({ question, tools, isJson, effort: request.reasoning_effort ?? 'medium' })
    parts.push({ kind: 'reasoning', field: 'reasoning_content', text })
  }
  if (tools.length === 0) {
    parts.push({ kind: 'text', field: 'content', text: contentOf(request, question, offer, model, index) })
    return { parts, finishReason: 'stop' }
  }
  if (model.writes === 'kimi-k2' && !isJson) parts.push({ kind: 'text', field: 'content', text: 'Let me look. 👀' })
  parts.push(...tools.map((tool): CallPart => ({ kind: 'call', tool, text: inputFor(tool, question) })))
  return { parts, finishReason: tools[0]?.kind === 'legacy' ? 'function_call' : 'tool_calls' }
}

function isReasoning(request: ChatCompletionRequest, { reasons }: DemoModel, offer: Offer): boolean {
  if (request.reasoning_effort === 'none' || reasons === 'never') return false
  return reasons === 'always' || offer.tools.length > 0
}

function contentOf(
  { response_format: format, model: name }: ChatCompletionRequest,
  question: Question,
  offer: Offer,
  model: DemoModel,
  index: number,
): string {
  if (format?.type === 'json_schema' && format.json_schema.schema) {
    const source = [question.text, ...question.results.map(({ text }) => text)].join('\n')
    return JSON.stringify(fitSchema(format.json_schema.schema, createClues(source, factsOf(question))))
  }
  if (format?.type === 'json_object' || format?.type === 'json_schema') {
    const { text, results } = question
    const json: JsonValue = { model: name, you_wrote: text.slice(0, 500).toWellFormed() }
    if (results.length > 0) json.results = results.map(({ tool, text }) => ({ tool, text }))
    return JSON.stringify(json)
  }
  if (question.results.length > 0) return resultsText(question.results, index)
  return answerText({ question, tools: offer.mode === 'none' ? [] : offer.tools, model: model.id, index })
}

function inputFor(tool: OfferedTool, question: Question): string {
  const clues = createClues(question.text)
  if (tool.kind !== 'custom') return JSON.stringify(fitSchema({ type: 'object', ...tool.parameters }, clues))
  const grammar = tool.format?.type === 'grammar' ? tool.format.grammar : undefined
  // Lark is a language of its own; what follows one is up to the caller's text.
  const schema = grammar?.syntax === 'regex' ? { type: 'string', pattern: `^(?:${grammar.definition})$` } : undefined
  return schema ? String(fitSchema(schema, clues)) : question.text
}

/** What the results say, where they are JSON objects: by the names that `Clues` looks up. */
function factsOf({ results }: Question): Map<string, unknown> {
  return new Map(
    results.flatMap(({ text }) =>
      Object.entries(objectIn(text)).map(([name, value]): [string, unknown] => [wordsOf(name).join(' '), value]),
    ),
  )
}

function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  } catch {
    return {} // a result may be any text
  }
}
