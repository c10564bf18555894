// For tests only: the events of a parser put together, as a client would do it.

import type { CallState, EndedHow, MarkupEvent } from './markup-event.ts'
import { createMarkupParser, type MarkupParserOptions } from './markup-machine.ts'

export interface Answer {
  content: string
  reasoning: string
  calls: AnsweredCall[]
}

export interface AnsweredCall {
  id: string
  name: string
  arguments: string
  /** `open` until its end was told. */
  state: CallState | 'open'
}

export function emptyAnswer(): Answer {
  return { content: '', reasoning: '', calls: [] }
}

/** Puts events to an answer. Throws where their order breaks what `MarkupEvent` promises. */
export function addEvents(answer: Answer, events: readonly MarkupEvent[]): void {
  for (const event of events) {
    if (event.type === 'content' || event.type === 'reasoning') {
      insist(event.text !== '', `an empty ${event.type}`)
      insist(answer.calls.at(-1)?.state !== 'open', `${event.type} inside a call`)
      answer[event.type] += event.text
      continue
    }
    if (event.type === 'tool-call') {
      insist(event.index === answer.calls.length, `call ${event.index} is the ${answer.calls.length}th`)
      insist(answer.calls.at(-1)?.state !== 'open', `call ${event.index} starts inside another`)
      insist(event.name !== '', 'a call without a name')
      insist(!answer.calls.some(({ id }) => id === event.id), `id ${event.id} is not new`)
      answer.calls.push({ id: event.id, name: event.name, arguments: '', state: 'open' })
      continue
    }
    const call = answer.calls[event.index]
    if (event.index !== answer.calls.length - 1 || call?.state !== 'open') {
      throw new Error(`${event.type} of call ${event.index}, which is not open`)
    }
    if (event.type === 'tool-call-end') call.state = event.state
    else {
      insist(event.text !== '', 'empty arguments')
      call.arguments += event.text
    }
  }
}

/** Generated ids are `new-1`, `new-2` and so on, so that answers can be compared. */
export function numberedIds<O extends Omit<MarkupParserOptions, 'repairToolNames' | 'repairTruncated'>>(options: O): O {
  let count = 0
  return { newId: () => `new-${++count}`, ...options }
}

export function readAnswer(options: MarkupParserOptions, pieces: readonly string[], how: EndedHow = 'stop'): Answer {
  const parser = createMarkupParser(numberedIds(options))
  const answer = emptyAnswer()
  for (const piece of pieces) addEvents(answer, parser.push(piece))
  addEvents(answer, parser.end(how))
  return answer
}

function insist(holds: boolean, what: string): void {
  if (!holds) throw new Error(`order of events: ${what}`)
}
