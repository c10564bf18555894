import { type AnswerCheck, faultOfHead } from './answer-check.ts'
import { chatEvents } from './chat-events.ts'
import type { Asked } from './contents.ts'
import type { Dialect } from './dialect.ts'
import { messagesEvents } from './messages-events.ts'
import { responsesEvents } from './responses-events.ts'
import { Texts } from './texts.ts'

export interface StreamCheck extends AnswerCheck {
  /** Whether the head has come and the end has not. */
  readonly isOpen: boolean
}

export interface StreamExpectation {
  readonly dialect: Dialect
  readonly asked: Asked
  /** Whether the request asked for a usage event. Without that none may come; only Chat Completions lets one choose. */
  readonly withUsage: boolean
  /** Called with the time from writing a chunk to reading it. */
  readonly onDelay?: (micros: number) => void
  readonly now?: () => number
}

/** What the events of one stream have to be. They are told one after the other; comments are left out. */
export interface EventCheck {
  /** Says what is wrong with the event, as it stands before its empty line. */
  event(text: string): string | undefined
  /** After the last one: what did not come. */
  missing(): string | undefined
}

const eventChecks = { chat: chatEvents, messages: messagesEvents, responses: responsesEvents }

/**
 * Holds a stream to what the upstream has sent: every chunk in its place with its text, every other event where the
 * dialect has it, the end once, and nothing after it. Comments may stand between events.
 */
export function streamCheck(expectation: StreamExpectation): StreamCheck {
  const texts = new Texts(expectation)
  const events: EventCheck = eventChecks[expectation.dialect](texts, expectation)
  let fault: string | undefined
  let hasBegun = false
  let isOpen = false
  let rest = ''
  return {
    get fault() {
      return fault
    },
    get isOpen() {
      return isOpen
    },
    head(head) {
      if (hasBegun) fault ??= 'an answer after the answer'
      fault ??= faultOfHead(head, 'text/event-stream')
      hasBegun = true
      isOpen = true
    },
    data(bytes) {
      // All contents are ASCII.
      const all = rest + bytes.toString('latin1')
      let from = 0
      for (let end = all.indexOf('\n\n'); end >= 0; end = all.indexOf('\n\n', from)) {
        const event = all.slice(from, end)
        if (!event.startsWith(':')) {
          const found = events.event(event)
          fault ??= found
        }
        from = end + 2
      }
      rest = all.slice(from)
    },
    end() {
      isOpen = false
      fault ??= rest ? `half an event: ${rest.slice(0, 80)}` : (texts.missing() ?? events.missing())
    },
  }
}
