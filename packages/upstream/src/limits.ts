import type { CallLimits } from '@dragoman/core'

/** The bounds of one exchange, all of them set. */
export type Limits = { readonly [Name in keyof CallLimits]-?: number }

const MiB = 1024 * 1024

/** What holds where a call sets no limit of its own. */
export const defaultLimits: Limits = {
  connectMs: 10_000,
  headersMs: 60_000,
  wholeHeadersMs: 300_000,
  idleMs: 120_000,
  maxEventBytes: 8 * MiB,
  maxAnswerBytes: 256 * MiB,
}

export function resolveLimits(limits: CallLimits = {}): Limits {
  return {
    connectMs: limits.connectMs ?? defaultLimits.connectMs,
    headersMs: limits.headersMs ?? defaultLimits.headersMs,
    wholeHeadersMs: limits.wholeHeadersMs ?? defaultLimits.wholeHeadersMs,
    idleMs: limits.idleMs ?? defaultLimits.idleMs,
    maxEventBytes: limits.maxEventBytes ?? defaultLimits.maxEventBytes,
    maxAnswerBytes: limits.maxAnswerBytes ?? defaultLimits.maxAnswerBytes,
  }
}

/** `120 s`, `1.5 s`, `80 ms`: for messages. */
export function inSeconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`
}

/** `8 MiB`, `1.5 KiB`, `100 bytes`: for messages. */
export function inBytes(bytes: number): string {
  if (bytes >= MiB) return `${Math.round((bytes / MiB) * 10) / 10} MiB`
  return bytes >= 1024 ? `${Math.round((bytes / 1024) * 10) / 10} KiB` : `${bytes} bytes`
}
