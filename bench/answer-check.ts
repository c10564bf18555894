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

/** `contentType` without its parameters. */
export function faultOfHead(head: string, contentType: string): string | undefined {
  if (!head.startsWith('HTTP/1.1 200 ')) return head.slice(0, head.indexOf('\r'))
  const type = /\r\ncontent-type: *([^;\r]*)/i.exec(head)?.[1]?.trim()
  return type === contentType ? undefined : `content type ${type}`
}
