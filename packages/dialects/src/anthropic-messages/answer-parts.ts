import type { ReasoningDetail } from '@dragoman/openai-schema'
import { JsonObjectEnd } from '../json-object-end.ts'

/** A block of the answer, with what has come of it. */
export type AnswerPart = TextPart | ThinkingPart | ToolPart

interface TextPart {
  readonly kind: 'text'
  readonly pieces: string[]
}

export interface ThinkingPart {
  readonly kind: 'thinking'
  readonly pieces: string[]
  readonly details: ReasoningDetail[]
}

export interface ToolPart {
  readonly kind: 'tool'
  readonly pieces: string[]
  readonly id: string
  readonly name: string
  readonly end: JsonObjectEnd
  isClosed: boolean
}

export function textPart(): TextPart {
  return { kind: 'text', pieces: [] }
}

export function thinkingPart(): ThinkingPart {
  return { kind: 'thinking', pieces: [], details: [] }
}

export function toolPart(id: string, name: string): ToolPart {
  return { kind: 'tool', pieces: [], id, name, end: new JsonObjectEnd(), isClosed: false }
}

/** Whether another block may begin: only of a call is it known, by its arguments, that something is missing. */
export function mayEnd(part: AnswerPart): boolean {
  return part.kind !== 'tool' || part.end.isReached
}
