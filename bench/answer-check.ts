import { type Asked, chunkText, readStamp, usage } from './contents.ts'
import type { MessageSink } from './http-message.ts'

/** Reads one answer after the other and keeps what is wrong with the present one. */
export interface AnswerCheck extends MessageSink {
  /** The first fault of the answer that has just ended; undefined where it was right. */
  readonly fault: string | undefined
}

/** Holds whole answers to one that was looked at before: the same status, the same length, the same bytes. */
export function wholeCheck(expected: Buffer): AnswerCheck {
  let fault: string | undefined
  let length = 0
  return {
    get fault() {
      return fault
    },
    head(text) {
      fault = faultOfHead(text, 'application/json')
      length = 0
    },
    data(bytes) {
      const end = length + bytes.length
      if (end <= expected.length && expected.compare(bytes, 0, bytes.length, length, end) !== 0) {
        fault ??= `a byte differs between ${length} and ${end}`
      }
      length = end
    },
    end() {
      if (length !== expected.length) fault ??= `${length} bytes instead of ${expected.length}`
    },
  }
}

export interface StreamCheck extends AnswerCheck {
  /** Whether the head has come and the end has not. */
  readonly isOpen: boolean
}

export interface StreamExpectation {
  readonly asked: Asked
  /** Whether the request asked for a usage event. Without that none may come. */
  readonly withUsage: boolean
  /** Called with the time from writing a chunk to reading it. */
  readonly onDelay?: (micros: number) => void
  readonly now?: () => number
}

/** What is looked at in an event, as far as it is there. */
interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string }; readonly finish_reason?: unknown }[]
  readonly usage?: { readonly total_tokens?: unknown } | null
}

/**
 * Holds a stream to what the upstream has sent: every chunk in its place with its text, one finish reason, the usage
 * event, `[DONE]` last and nothing after it. Comments may stand between events.
 */
export function streamCheck({ asked, withUsage, onDelay, now }: StreamExpectation): StreamCheck {
  let fault: string | undefined
  let isOpen = false
  let rest = ''
  let chunks = 0
  let finish: unknown
  let hasUsage = false
  let isDone = false

  function event(text: string): void {
    if (text.startsWith(':')) return
    if (isDone) fault ??= `after [DONE]: ${text.slice(0, 80)}`
    else if (text === 'data: [DONE]') isDone = true
    else if (!text.startsWith('data: {')) fault ??= `unknown event: ${text.slice(0, 80)}`
    else chunk(text.slice(6))
  }

  function chunk(json: string): void {
    let parsed: Chunk
    try {
      parsed = JSON.parse(json)
    } catch {
      fault ??= `no JSON: ${json.slice(0, 80)}`
      return
    }
    if (parsed.usage) {
      if (!withUsage) fault ??= 'usage that was not asked for'
      else if (hasUsage) fault ??= 'usage twice'
      else if (parsed.usage.total_tokens !== usage(asked.chunks).total_tokens) fault ??= 'the usage differs'
      hasUsage = true
    }
    const choice = parsed.choices?.[0]
    if (!choice) {
      if (!parsed.usage) fault ??= `a chunk without a choice: ${json.slice(0, 80)}`
      return
    }
    if (choice.delta?.content) text(choice.delta.content)
    if (!choice.finish_reason) return
    if (finish !== undefined) fault ??= 'a finish reason twice'
    finish = choice.finish_reason
  }

  function text(content: string): void {
    const stamped = readStamp(content)
    if (!stamped) fault ??= `no stamp: ${content.slice(0, 80)}`
    else if (stamped.index !== chunks) fault ??= `chunk ${stamped.index} in the place of ${chunks}`
    else if (stamped.text !== chunkText(chunks, asked)) fault ??= `the text of chunk ${chunks} differs`
    else if (finish !== undefined) fault ??= 'text after the finish reason'
    if (stamped && stamped.micros > 0 && onDelay && now) onDelay(now() - stamped.micros)
    chunks++
  }

  return {
    get fault() {
      return fault
    },
    get isOpen() {
      return isOpen
    },
    head(head) {
      if (finish !== undefined || isDone) fault ??= 'an answer after the answer'
      fault ??= faultOfHead(head, 'text/event-stream')
      isOpen = true
    },
    data(bytes) {
      // All contents are ASCII.
      const all = rest + bytes.toString('latin1')
      let from = 0
      for (let end = all.indexOf('\n\n'); end >= 0; end = all.indexOf('\n\n', from)) {
        event(all.slice(from, end))
        from = end + 2
      }
      rest = all.slice(from)
    },
    end() {
      isOpen = false
      if (rest) fault ??= `half an event: ${rest.slice(0, 80)}`
      else if (chunks !== asked.chunks) fault ??= `${chunks} of ${asked.chunks} chunks`
      else if (finish !== 'stop') fault ??= `finish reason ${finish}`
      else if (withUsage && !hasUsage) fault ??= 'no usage'
      else if (!isDone) fault ??= 'no [DONE]'
    },
  }
}

function faultOfHead(head: string, contentType: string): string | undefined {
  if (!head.startsWith('HTTP/1.1 200 ')) return head.slice(0, head.indexOf('\r'))
  const type = /\r\ncontent-type: *([^;\r]*)/i.exec(head)?.[1]?.trim()
  return type === contentType ? undefined : `content type ${type}`
}
