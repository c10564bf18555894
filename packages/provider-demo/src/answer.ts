import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chooseTools } from './choose-tools.ts'
import type { DemoModel } from './models.ts'
import { type Offer, type OfferedTool, readOffer } from './offer.ts'
import type { Question, ToolResult } from './question.ts'
import { createClues } from './schema/clues.ts'
import { fitSchema } from './schema/fit-schema.ts'
import type { JsonValue } from './schema/json-schema.ts'
import { answerText, reasoningText, resultsText } from './texts.ts'
import { shortened, wordsOf } from './words.ts'

const longestInput = 4000

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

/**
 * What `model` says, before any limit and with everything in fields of its own. The result gives choice after choice:
 * they differ in the wording of texts; calls and JSON are made once.
 */
export function answerTo(request: ChatCompletionRequest, question: Question, model: DemoModel): (i: number) => Answer {
  const offer = readOffer(request)
  const tools = question.isFromUser ? chooseTools(offer, question.text) : []
  const format = request.response_format?.type ?? 'text'

  const before: AnswerPart[] = []
  if (isReasoning(request, model, offer)) {
    const effort = request.reasoning_effort ?? 'medium'
    const text = reasoningText({ question, tools, isJson: format !== 'text', effort })
    before.push({ kind: 'reasoning', field: 'reasoning_content', text })
  }
  if (tools.length > 0) {
    if (model.writes === 'kimi-k2' && format === 'text') before.push(content('Let me look. 👀'))
    const calls = tools.map((tool): CallPart => ({ kind: 'call', tool, text: inputFor(tool, question) }))
    const finishReason = tools[0]?.kind === 'legacy' ? 'function_call' : 'tool_calls'
    return () => ({ parts: [...before, ...calls], finishReason })
  }
  const json = jsonFor(request, question)
  return (i) => {
    const text = json ?? wordsFor(question, offer, model, i)
    return { parts: [...before, content(text)], finishReason: 'stop' }
  }
}

function content(text: string): TextPart {
  return { kind: 'text', field: 'content', text }
}

function isReasoning(request: ChatCompletionRequest, { reasons }: DemoModel, offer: Offer): boolean {
  if (request.reasoning_effort === 'none' || reasons === 'never') return false
  return reasons === 'always' || offer.tools.length > 0
}

function wordsFor(question: Question, offer: Offer, { id }: DemoModel, index: number): string {
  if (question.results.length > 0) return resultsText(question.results, index)
  return answerText({ question, tools: offer.mode === 'none' ? [] : offer.tools, model: id, index })
}

function jsonFor({ response_format: format, model }: ChatCompletionRequest, question: Question): string | undefined {
  const { text, results } = question
  if (format?.type === 'json_schema' && format.json_schema.schema) {
    const source = [text, ...results.map((result) => result.text)].join('\n')
    return JSON.stringify(fitSchema(format.json_schema.schema, createClues(source, factsOf(results))))
  }
  if (format?.type !== 'json_object' && format?.type !== 'json_schema') return undefined
  const json: JsonValue = { model, you_wrote: shortened(text, 500) }
  if (results.length > 0) json.results = results.map(({ tool, text }) => ({ tool, text: shortened(text, 500) }))
  return JSON.stringify(json)
}

function inputFor(tool: OfferedTool, question: Question): string {
  const clues = createClues(question.text)
  if (tool.kind !== 'custom') return JSON.stringify(fitSchema({ type: 'object', ...tool.parameters }, clues))
  const grammar = tool.format?.type === 'grammar' ? tool.format.grammar : undefined
  // Lark is a language of its own; what follows one is up to the caller's text.
  const schema = grammar?.syntax === 'regex' ? { type: 'string', pattern: `^(?:${grammar.definition})$` } : undefined
  return schema ? String(fitSchema(schema, clues)) : shortened(question.text, longestInput)
}

/** What the results say, where they are JSON objects: by the names that `Clues` looks up. */
function factsOf(results: readonly ToolResult[]): Map<string, unknown> {
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
