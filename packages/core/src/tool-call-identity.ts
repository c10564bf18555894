import type { ToolCallDelta } from '@dragoman/openai-schema'
import { isRecord } from './is-record.ts'

interface OpenCall {
  readonly index: number
  readonly upstreamIndex: number | undefined
  upstreamId: string | undefined
  id: string | undefined
  isAnnounced: boolean
  name: string
  /** What has come; decides whether a nameless-index upstream has begun another call. */
  text: string
  /** Fields of pieces that came before the name. */
  waiting: ToolCallDelta | undefined
}

/**
 * Tells which tool call a delta of an upstream belongs to, and gives each call of a choice an index and an id of its own.
 *
 * Upstreams number all calls 0, leave out the index or the id, repeat id and name in every piece, or give two calls one
 * id. Clients join pieces by index, so identity is by id where there is one, then by index. After it, the first delta
 * of a call has `index`, `id`, `type`, name and the text so far; later ones only `index` and their text.
 */
export class ToolCallIdentity {
  #calls: OpenCall[] = []

  get count(): number {
    return this.#calls.length
  }

  /** The deltas to send; a call without a name yet is held. A delta that needs no change comes back as the same object. */
  read(deltas: readonly ToolCallDelta[]): ToolCallDelta[] {
    const out: ToolCallDelta[] = []
    for (const delta of deltas) {
      const sent = isRecord(delta) ? this.#read(delta) : undefined
      if (sent) out.push(sent)
    }
    return out
  }

  /** Calls that never got a name, as they are: the client is to see that they were made. */
  flush(): ToolCallDelta[] {
    return this.#calls
      .filter((call) => !call.isAnnounced)
      .map((call) => this.#announce(call, call.waiting ?? { index: 0 }))
  }

  #read(delta: ToolCallDelta): ToolCallDelta | undefined {
    const { name, text } = payload(delta)
    const call = this.#find(delta, name, text) ?? this.#open(delta)
    call.text += text
    if (delta.id) call.upstreamId ??= delta.id
    if (!call.isAnnounced) {
      call.name ||= name
      const merged = call.waiting ? merge(call.waiting, delta) : delta
      if (!call.name) {
        call.waiting = merged
        return undefined
      }
      return this.#announce(call, merged)
    }
    return isBareContinuation(delta, call.index) ? delta : continuation(delta, call.index, text)
  }

  #find(delta: ToolCallDelta, name: string, text: string): OpenCall | undefined {
    if (delta.id) {
      const sameId = this.#calls.findLast((call) => call.upstreamId === delta.id)
      if (sameId) {
        const isTwin = name !== '' && isIndex(delta.index) && delta.index !== sameId.upstreamIndex
        return isTwin ? undefined : sameId
      }
    }
    const current = isIndex(delta.index)
      ? this.#calls.findLast((call) => call.upstreamIndex === delta.index)
      : this.#calls.at(-1)
    if (!current) return undefined
    if (delta.id && current.upstreamId && delta.id !== current.upstreamId) return undefined
    // Without ids, a name after complete arguments is another call; a bare repetition of the name is not.
    const beginsAnother = !delta.id && name !== '' && current.name !== '' && (text !== '' || current.name !== name)
    return beginsAnother && isCompleteJson(current.text) ? undefined : current
  }

  #open(delta: ToolCallDelta): OpenCall {
    const taken = delta.id && this.#calls.some((call) => call.id === delta.id)
    const call: OpenCall = {
      index: this.#calls.length,
      upstreamIndex: isIndex(delta.index) ? delta.index : undefined,
      upstreamId: delta.id || undefined,
      id: delta.id && !taken ? delta.id : undefined,
      isAnnounced: false,
      name: '',
      text: '',
      waiting: undefined,
    }
    this.#calls.push(call)
    return call
  }

  #announce(call: OpenCall, delta: ToolCallDelta): ToolCallDelta {
    call.isAnnounced = true
    call.waiting = undefined
    call.id ??= delta.id && !this.#calls.some(({ id }) => id === delta.id) ? delta.id : newCallId()
    const { name, text } = payload(delta)
    const isCustom = isRecord(delta.custom)
    const isUntouched =
      delta.index === call.index &&
      delta.id === call.id &&
      delta.type === (isCustom ? 'custom' : 'function') &&
      (isCustom ? typeof delta.custom?.input === 'string' : typeof delta.function?.arguments === 'string')
    if (isUntouched) return delta
    return isCustom
      ? { ...delta, index: call.index, id: call.id, type: 'custom', custom: { ...delta.custom, name, input: text } }
      : {
          ...delta,
          index: call.index,
          id: call.id,
          type: 'function',
          function: { ...delta.function, name, arguments: text },
        }
  }
}

function isIndex(value: unknown): value is number {
  return Number.isInteger(value)
}

function payload(delta: ToolCallDelta): { name: string; text: string } {
  if (isRecord(delta.custom)) return { name: delta.custom.name ?? '', text: delta.custom.input ?? '' }
  const given: unknown = delta.function?.arguments
  const text = typeof given === 'string' ? given : given == null ? '' : JSON.stringify(given)
  return { name: delta.function?.name ?? '', text }
}

function merge(first: ToolCallDelta, next: ToolCallDelta): ToolCallDelta {
  const merged = { ...first, ...next }
  const id = first.id || next.id
  if (id) merged.id = id
  const text = payload(first).text + payload(next).text
  if (isRecord(first.custom) || isRecord(next.custom)) merged.custom = { ...first.custom, ...next.custom, input: text }
  else merged.function = { ...first.function, ...next.function, arguments: text }
  return merged
}

function isBareContinuation(delta: ToolCallDelta, index: number): boolean {
  return (
    delta.index === index &&
    delta.id === undefined &&
    delta.type === undefined &&
    delta.function?.name === undefined &&
    delta.custom?.name === undefined &&
    (isRecord(delta.custom) || typeof delta.function?.arguments === 'string')
  )
}

/** Later deltas must not name the call again: openai-node throws "changed tool call identity" even for `name: ""`. */
function continuation(delta: ToolCallDelta, index: number, text: string): ToolCallDelta {
  const { id, type, function: fn, custom, ...rest } = delta
  return isRecord(custom)
    ? { ...rest, index, custom: { input: text } }
    : { ...rest, index, function: { arguments: text } }
}

function isCompleteJson(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    // Unfinished text is the ordinary case here, not a fault.
    return false
  }
}

const base62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

function newCallId(): string {
  let id = 'call_'
  for (const byte of crypto.getRandomValues(new Uint8Array(24))) id += base62[byte % 62]
  return id
}
