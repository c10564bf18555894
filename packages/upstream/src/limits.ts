import type { CallLimits } from '@dragoman/core'

/** The bounds of one exchange, all of them set. */
export type Limits = { readonly [Name in keyof CallLimits]-?: number }

const MiB = 1024 * 1024

/** What holds where a call sets no limit of its own; `headersMs` is 60 s where an event stream was asked for. */
export const defaultLimits: Limits = {
  connectMs: 10_000,
  headersMs: 300_000,
  idleMs: 120_000,
  maxEventBytes: 8 * MiB,
  maxAnswerBytes: 256 * MiB,
}

const STREAMED_HEADERS_MS = 60_000

export function resolveLimits(limits: CallLimits | undefined, isStream: boolean): Limits {
  return {
    connectMs: limits?.connectMs ?? defaultLimits.connectMs,
    headersMs: limits?.headersMs ?? (isStream ? STREAMED_HEADERS_MS : defaultLimits.headersMs),
    idleMs: limits?.idleMs ?? defaultLimits.idleMs,
    maxEventBytes: limits?.maxEventBytes ?? defaultLimits.maxEventBytes,
    maxAnswerBytes: limits?.maxAnswerBytes ?? defaultLimits.maxAnswerBytes,
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
