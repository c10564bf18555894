import { createHash } from 'node:crypto'
import { isRecord } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { ChatContext } from '../answer.ts'

/** SHA-256 over texts, each with its length, so that no two lists of them run together. */
export function digestOf(parts: readonly (string | undefined)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part === undefined ? '-;' : `${part.length};`).update(part ?? '')
  return hash.digest('base64url')
}

/**
 * All that a chat asks for, as one digest: the same whatever the order of its keys, another one for any other field.
 * Taken from what the client sent, because a translation may leave out what the bytes, which may be sent on, still say.
 */
export function digestOfChat(request: ChatCompletionRequest, context: ChatContext): string {
  const { dialect = 'openai-chat', body, asked = body, parsed, relayHeaders, variant, ensureToolCall } = context
  const said = dialect === 'openai-chat' ? request : (parsed ?? (asked === undefined ? request : read(asked)))
  return digestOf([
    dialect,
    variant,
    String(ensureToolCall),
    relayHeaders && canonicalJson(relayHeaders),
    canonicalJson(said, asked),
  ])
}

/**
 * A JSON value with the keys of its objects in order.
 *
 * @param text what it was parsed from: taken as it is where it holds a number that JavaScript has not
 */
export function canonicalJson(value: unknown, text?: string): string {
  const number = { isExact: true }
  const written = write(value, number)
  return number.isExact ? written : (text ?? written)
}

function write(value: unknown, number: { isExact: boolean }): string {
  if (Array.isArray(value)) return `[${value.map((item) => write(item, number)).join(',')}]`
  if (!isRecord(value)) {
    if (typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) number.isExact = false
    return JSON.stringify(value) ?? 'null'
  }
  const fields: string[] = []
  for (const key of Object.keys(value).sort()) {
    if (value[key] !== undefined) fields.push(`${JSON.stringify(key)}:${write(value[key], number)}`)
  }
  return `{${fields.join(',')}}`
}

/** Undefined for what is no JSON: a gateway's own caller may give any text. */
function read(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
