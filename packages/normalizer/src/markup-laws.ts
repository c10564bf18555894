// For tests only: what holds for any text, whatever its format, tools and cuts are.

import { type Answer, addEvents, emptyAnswer, numberedIds, readAnswer } from './answer.ts'
import type { EndedHow } from './markup-event.ts'
import { createMarkupParser, type MarkupParserOptions } from './markup-machine.ts'
import { seededPieces } from './text-cuts.ts'

export interface Subject {
  readonly options: MarkupParserOptions
  readonly text: string
  readonly how: EndedHow
  /** For the random pieces. */
  readonly seed: number
}

/** Says which law the parser breaks for this text, and how; undefined where all hold. */
export function brokenLaw({ options, text, how, seed }: Subject): string | undefined {
  try {
    const whole = readAnswer(options, [text], how)
    return (
      brokenByCalls(whole) ??
      brokenByText(whole, text) ??
      differs('one character at a time', readAnswer(options, text.split(''), how), whole) ??
      differs('random pieces', readAnswer(options, seededPieces(text, seed), how), whole) ??
      differs('other random pieces', readAnswer(options, seededPieces(text, seed + 1), how), whole) ??
      brokenByPrefix(options, text, how, whole) ??
      brokenByOthers(options, text, how, whole)
    )
  } catch (error) {
    return `thrown: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
}

/** Arguments are the text of a JSON object, unless the call says otherwise; every call has ended. */
function brokenByCalls({ calls }: Answer): string | undefined {
  for (const call of calls) {
    if (call.state === 'open') return `call ${call.name} never ended`
    if (call.state !== 'complete' && call.arguments === '') return `call ${call.name} has no arguments at all`
    if (call.state === 'complete' && !isObjectText(call.arguments)) return `no JSON object: ${call.arguments}`
  }
  return undefined
}

/** All that is visible in the channels stands in the text, in the same order, and nothing came twice. */
function brokenByText({ content, reasoning }: Answer, text: string): string | undefined {
  const visible = withoutSpace(text)
  if (!isSubsequence(withoutSpace(content), visible)) return `content is not from the text: ${content}`
  if (!isSubsequence(withoutSpace(reasoning), visible)) return `reasoning is not from the text: ${reasoning}`
  if (withoutSpace(content).length + withoutSpace(reasoning).length > visible.length) return 'text came twice'
  return undefined
}

/** What was given out before the end never changes, and does not depend on what follows. */
function brokenByPrefix(options: MarkupParserOptions, text: string, how: EndedHow, whole: Answer): string | undefined {
  const parser = createMarkupParser(numberedIds(options))
  const answer = emptyAnswer()
  const half = Math.floor(text.length / 2)
  for (const piece of [text.slice(0, half), '', text.slice(half)]) {
    addEvents(answer, parser.push(piece))
    const problem = notBeginningOf(answer, whole)
    if (problem !== undefined) return `taken back: ${problem}`
  }
  addEvents(answer, parser.end(how))
  return differs('with an empty piece', answer, whole)
}

/** A parser that works beside it changes nothing, and one that was reset is as good as new. */
function brokenByOthers(options: MarkupParserOptions, text: string, how: EndedHow, whole: Answer): string | undefined {
  const { newId: _, ...rest } = options
  const first = createMarkupParser({ ...rest, newId: countingIds() })
  const second = createMarkupParser({ ...rest, newId: countingIds() })
  const answers = [emptyAnswer(), emptyAnswer()] as const
  const third = Math.ceil(text.length / 3)
  for (let at = 0; at < text.length; at += third) {
    addEvents(answers[0], first.push(text.slice(at, at + third)))
    addEvents(answers[1], second.push(text.slice(at, at + third)))
  }
  addEvents(answers[0], first.end(how))
  addEvents(answers[1], second.end(how))
  const problem = differs('beside another', answers[0], whole) ?? differs('beside another', answers[1], whole)
  if (problem !== undefined) return problem

  let ids = countingIds()
  const used = createMarkupParser({ ...rest, newId: () => ids() })
  used.push(text.slice(0, third))
  used.reset()
  ids = countingIds()
  const again = emptyAnswer()
  addEvents(again, used.push(text))
  addEvents(again, used.end(how))
  return differs('after a reset', again, whole)
}

/** Where the answers differ, undefined where they do not. */
export function differs(what: string, answer: Answer, expected: Answer): string | undefined {
  const got = JSON.stringify(answer)
  const wanted = JSON.stringify(expected)
  return got === wanted ? undefined : `${what}:\n  ${got}\nwhole:\n  ${wanted}`
}

/** Where the answer is not the beginning of the other one, undefined where it is. */
export function notBeginningOf(answer: Answer, whole: Answer): string | undefined {
  if (!whole.content.startsWith(answer.content)) return `content ${answer.content}`
  if (!whole.reasoning.startsWith(answer.reasoning)) return `reasoning ${answer.reasoning}`
  for (const [index, call] of answer.calls.entries()) {
    const other = whole.calls[index]
    if (other?.id !== call.id || other.name !== call.name) return `call ${call.name}`
    if (!other.arguments.startsWith(call.arguments)) return `arguments ${call.arguments}`
    if (call.state !== 'open' && (call.state !== other.state || call.arguments !== other.arguments)) {
      return `end of call ${call.name}`
    }
  }
  return undefined
}

function countingIds(): () => string {
  let count = 0
  return () => `new-${++count}`
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    // Not valid JSON: that is the answer.
    return false
  }
}

function withoutSpace(text: string): string {
  return text.replace(/\s+/g, '')
}

/** Whether all of `part` stands in `whole`, in this order, with anything between. */
function isSubsequence(part: string, whole: string): boolean {
  let at = 0
  for (const unit of part.split('')) {
    at = whole.indexOf(unit, at) + 1
    if (at === 0) return false
  }
  return true
}
