import { DragomanError } from '@dragoman/core'

const maxDepth = 256
const maxKeys = 100_000

const quote = 0x22
const colon = 0x3a
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * Refuses JSON that is nested deeper than 256 or has more than 100,000 keys: later steps walk and write what it says,
 * and are not to be made to overflow or crawl. Looks at the text, because parsing alone makes a gigabyte of objects of
 * 32 MiB of brackets. Whether it is JSON at all is for the parser to say.
 */
export function checkShape(text: string): void {
  let depth = 0
  let keys = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at)
        break
      case openBracket:
      case openBrace:
        if (++depth > maxDepth) throw refused(`is nested more than ${maxDepth} deep`)
        break
      case closeBracket:
      case closeBrace:
        depth--
        break
      case colon:
        if (++keys > maxKeys) throw refused(`has more than ${maxKeys} keys`)
    }
  }
}

/** Strings are nearly all of a long body, and `indexOf` takes them at the speed of memory. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end
}

function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === backslash) first--
  return (at - first) % 2 === 1
}

function refused(what: string): DragomanError {
  return new DragomanError('invalid_request', `The body ${what}`)
}
