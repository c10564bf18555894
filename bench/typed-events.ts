import type { EventCheck } from './stream-check.ts'

/** The events of a dialect that names each of them twice: in a line `event:` and as the type in the data. */
export interface Grammar<Event> {
  /** The types of a whole answer, from the first event to the last. */
  readonly order: readonly string[]
  /** The one of them that comes as often as there are pieces of text. */
  readonly repeated: string
  /** Says that nothing has come yet; may stand anywhere but at the beginning and after the end. */
  readonly idle: string
  /** Says what is wrong with the fields of an event that is in its place. */
  fault(event: Event): string | undefined
}

/** Holds events to their order and their names. */
export function typedEvents<Event extends { readonly type: string }>(grammar: Grammar<Event>): EventCheck {
  const { order, repeated, idle } = grammar
  /** How many of `order` have come. */
  let passed = 0
  return {
    event(text) {
      const named = /^event: (\S+)\ndata: (\{.*)$/.exec(text)
      if (passed === order.length) return `after ${order.at(-1)}: ${text.slice(0, 80)}`
      if (!named) return `unknown event: ${text.slice(0, 80)}`
      const [, name, json = ''] = named
      let event: Event
      try {
        event = JSON.parse(json)
      } catch {
        return `no JSON: ${json.slice(0, 80)}`
      }
      if (event.type !== name) return `an event ${name} of the type ${event.type}`
      if (name === order[passed]) passed++
      else if (!(name === repeated && name === order[passed - 1]) && !(name === idle && passed > 0)) {
        return `${name} in the place of ${order[passed]}`
      }
      return grammar.fault(event)
    },
    missing: () => (passed === order.length ? undefined : `no ${order[passed]}`),
  }
}
