import type { EndedHow } from './markup-event.ts'

/** Limits and filters, in the words of all services. They are told to the client even where there are calls. */
const cutShort = /length|max_|context_window|content_filter|safety|recitation|refusal|sensitive/i
/** Some services say in the finish reason that they gave up. */
const gaveUp = /error|fail|abort|cancel|insufficient|malformed|timeout|unavailable|overload/i
const saysCalls = /^tool_(?:calls?|use)$/i

/** What a finish reason says about the end of the text. */
export function endedHow(reason: string): EndedHow {
  if (cutShort.test(reason)) return 'length'
  return gaveUp.test(reason) ? 'cut' : 'stop'
}

/** The reason to send: `tool_calls` exactly where there are calls, unless the answer was cut short. */
export function finishReasonFor(reason: string, hasCalls: boolean): string {
  if (hasCalls) return endedHow(reason) === 'stop' ? 'tool_calls' : reason
  return saysCalls.test(reason) ? 'stop' : reason
}
