import { newId } from '../ids.ts'
import type { InputItem } from './request-schema.ts'

/** One stored turn: what the client brought and what it was answered. */
export interface StoredTurn {
  /** `ResponsesReadRequest.input()` */
  readonly input: readonly InputItem[]
  /** `FinalResponse.items` */
  readonly items: readonly InputItem[]
}

/** The items that come before a request which continues a chain of stored turns, oldest turn first. */
export function joinTurns(turns: readonly StoredTurn[]): InputItem[] {
  return turns.flatMap(({ input, items }) => [...input, ...items])
}

const prefixes = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  function_call_output: 'fco',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'ctco',
} as const

/** Items as `GET /responses/{id}/input_items` shows them: each with its type and an id, content of messages as parts. */
export function withIds(items: readonly InputItem[]): InputItem[] {
  return items.map((item) => {
    const type = item.type ?? 'message'
    const id = ('id' in item && item.id) || newId(prefixOf(type))
    const named = { ...item, type, id } as InputItem
    if (named.type !== 'message' || typeof named.content !== 'string') return named
    const part = { type: named.role === 'assistant' ? ('output_text' as const) : ('input_text' as const) }
    return { ...named, content: [{ ...part, text: named.content }] }
  })
}

function prefixOf(type: string) {
  return Object.hasOwn(prefixes, type) ? prefixes[type as keyof typeof prefixes] : 'item'
}
