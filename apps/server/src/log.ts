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
  // Not a system call for each line: that would be a tenth of a short request.
  const lines = pino.destination({ dest: 1, sync: true, minLength: 15 * KiB, periodicFlush: 100 })
  process.once('exit', () => lines.flushSync())
  return pino({ ...options, timestamp: () => `,"time":"${timeText()}"` }, lines)
}

let lastAt = 0
let lastText = ''

/** Now, in ISO 8601. Many lines of a busy server share their millisecond. */
export function timeText(): string {
  const now = Date.now()
  if (now !== lastAt) {
    lastAt = now
    lastText = new Date(now).toISOString()
  }
  return lastText
}
