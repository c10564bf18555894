import { DragomanError } from '@dragoman/core'

/** undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // that it is none is what was asked
  }
}

/** @param what `sent an event that is no JSON object`: never anything that was received */
export function protocolError(what: string): DragomanError {
  return new DragomanError('upstream_protocol', `The upstream ${what}`, { origin: 'upstream' })
}
