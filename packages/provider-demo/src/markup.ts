import type { Answer, AnswerPart, CallPart } from './answer.ts'
import type { DemoModel } from './models.ts'

/**
 * An answer as the models behind many open engines write it: as text in the content, with no fields of its own. It is
 * left raw here, and is what a parser of such markup is for.
 *
 * `firstCall` is the number of calls made earlier in the conversation: Kimi K2 counts on.
 */
export function inMarkup(answer: Answer, model: DemoModel, firstCall: number): Answer {
  if (model.writes === 'fields') return answer
  const opener = model.writes === 'think-prefilled' ? '' : '<think>\n'
  const parts = answer.parts.map((part): AnswerPart => {
    if (part.kind !== 'reasoning') return part
    return { kind: 'reasoning', field: 'content', text: `${opener}${part.text}\n</think>\n\n` }
  })
  if (model.writes !== 'kimi-k2') return { parts, finishReason: answer.finishReason }

  const calls = parts.filter((part) => part.kind === 'call')
  if (calls.length === 0) return { parts, finishReason: 'stop' }
  const texts = parts.filter((part) => part.kind !== 'call')
  // An engine without a parser sees no calls, and so says that the text has ended.
  return {
    parts: [...texts, { kind: 'text', field: 'content', text: section(calls, firstCall) }],
    finishReason: 'stop',
  }
}

function section(calls: readonly CallPart[], firstCall: number): string {
  const written = calls.map(({ tool, text }, i) => {
    const json = tool.kind === 'custom' ? JSON.stringify({ input: text }) : text
    const header = `functions.${tool.name}:${firstCall + i}`
    return `<|tool_call_begin|>${header}<|tool_call_argument_begin|>${json}<|tool_call_end|>`
  })
  return `<|tool_calls_section_begin|>${written.join('')}<|tool_calls_section_end|>`
}
