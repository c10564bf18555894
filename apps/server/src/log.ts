import pino, { type Logger } from 'pino'
import type { Settings } from './config/settings.ts'

const KiB = 1024

/** Lines are for programs, one JSON object each, or for people. */
export async function createLog({ level, format }: Settings['log']): Promise<Logger> {
  const options = { level, base: null }
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY)
  if (isPretty) {
    const { default: pretty } = await import('pino-pretty')
    return pino(options, pretty({ translateTime: 'SYS:HH:MM:ss', ignore: 'id,client,method,path', sync: true }))
  }
  // Not a system call for each line: that was a tenth of a short request. And never one that waits: whoever reads the
  // log may have stopped, which must not stop the server; what he leaves unread beyond the limit is dropped.
  const lines = pino.destination({
    dest: 1,
    sync: false,
    minLength: 4 * KiB,
    periodicFlush: 100,
    maxLength: 16 * 1024 * KiB,
  })
  return pino({ ...options, timestamp }, lines)
}

let lastAt = 0
let lastText = ''

/** In ISO 8601. Many lines of a busy server share their millisecond. */
function timestamp(): string {
  const now = Date.now()
  if (now !== lastAt) {
    lastAt = now
    lastText = `,"time":"${new Date(now).toISOString()}"`
  }
  return lastText
}
