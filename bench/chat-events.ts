import { usage } from './contents.ts'
import type { EventCheck, StreamExpectation } from './stream-check.ts'
import type { Texts } from './texts.ts'

/** What is looked at in an event, as far as it is there. */
interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string }; readonly finish_reason?: unknown }[]
  readonly usage?: { readonly total_tokens?: unknown } | null
}

/** Chat Completions: texts, one finish reason, the usage, `[DONE]`. */
export function chatEvents(texts: Texts, { asked, withUsage }: StreamExpectation): EventCheck {
  let finish: unknown
  let hasUsage = false
  let isDone = false

  function chunk(json: string): string | undefined {
    let parsed: Chunk
    try {
      parsed = JSON.parse(json)
    } catch {
      return `no JSON: ${json.slice(0, 80)}`
    }
    const choice = parsed.choices?.[0]
    if (!choice && !parsed.usage) return `a chunk without a choice: ${json.slice(0, 80)}`
    const faults = [
      parsed.usage ? usageFault(parsed.usage) : undefined,
      choice?.delta?.content ? text(choice.delta.content) : undefined,
      choice?.finish_reason ? finishFault(choice.finish_reason) : undefined,
    ]
    return faults.find((fault) => fault !== undefined)
  }

  function usageFault({ total_tokens }: NonNullable<Chunk['usage']>): string | undefined {
    if (!withUsage) return 'usage that was not asked for'
    if (hasUsage) return 'usage twice'
    hasUsage = true
    return total_tokens === usage(asked.chunks).total_tokens ? undefined : 'the usage differs'
  }

  function text(content: string): string | undefined {
    return texts.add(content) ?? (finish === undefined ? undefined : 'text after the finish reason')
  }

  function finishFault(reason: unknown): string | undefined {
    if (finish !== undefined) return 'a finish reason twice'
    finish = reason
    return undefined
  }

  return {
    event(text) {
      if (isDone) return `after [DONE]: ${text.slice(0, 80)}`
      if (text.startsWith('data: {')) return chunk(text.slice(6))
      isDone = text === 'data: [DONE]'
      return isDone ? undefined : `unknown event: ${text.slice(0, 80)}`
    },
    missing() {
      if (finish !== 'stop') return `finish reason ${finish}`
      if (withUsage && !hasUsage) return 'no usage'
      return isDone ? undefined : 'no [DONE]'
    },
  }
}
