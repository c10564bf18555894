import { createHash } from 'node:crypto'
import { inspect } from 'node:util'

/** A value to stand for a secret in tests: no part of it occurs anywhere else, not even in another canary. */
export function canary(name: string): string {
  return `canary-${name}-${createHash('sha256').update(name).digest('base64url')}`
}

/** So much of a secret in a row is a leak too: messages are clipped, and a clip must not leave the front half. */
const LEAK = 8

/** Names of the secrets that can be seen, whole or in part, in any way in which a value is printed or serialised. */
export function leaked(secrets: Readonly<Record<string, string>>, value: unknown): string[] {
  const text = everythingOf(value)
  return Object.keys(secrets).filter((name) => windows(secrets[name] ?? '').some((part) => text.includes(part)))
}

function windows(secret: string): string[] {
  if (secret.length <= LEAK) return secret === '' ? [] : [secret]
  return Array.from({ length: secret.length - LEAK + 1 }, (_, at) => secret.slice(at, at + LEAK))
}

/** Whole depth, hidden properties and causes included. */
function everythingOf(value: unknown): string {
  if (typeof value === 'string') return value
  const inspected = inspect(value, {
    depth: Number.POSITIVE_INFINITY,
    showHidden: true,
    maxArrayLength: null,
    maxStringLength: null,
    breakLength: Number.POSITIVE_INFINITY,
  })
  return [inspected, json(value), ...causes(value)].join('\n')
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return '' // a circle, or a toJSON that throws: nothing gets out this way
  }
}

/** As a logger writes errors, each with those below it. */
function causes(value: unknown): string[] {
  const texts: string[] = []
  for (let error = value; error instanceof Error && texts.length < 100; error = error.cause) {
    texts.push(error.message, error.stack ?? '', json(error))
  }
  return texts
}

const methods = ['debug', 'dir', 'error', 'info', 'log', 'trace', 'warn'] as const

/** What `work` writes to the console, standard output and standard error, which see none of it. */
export async function consoleDuring(work: () => Promise<void>): Promise<string> {
  const lines: string[] = []
  const before = { ...console }
  const streams = [process.stdout, process.stderr]
  const writes = streams.map((stream) => stream.write)
  const keep = (...values: unknown[]) => {
    lines.push(...values.map((value) => everythingOf(value)))
    return true
  }
  for (const method of methods) console[method] = keep
  for (const stream of streams) stream.write = keep
  try {
    await work()
  } finally {
    for (const method of methods) console[method] = before[method]
    for (const [i, stream] of streams.entries()) stream.write = writes[i] ?? stream.write
  }
  return lines.join('\n')
}
