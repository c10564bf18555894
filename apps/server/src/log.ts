import pino, { type Logger } from 'pino'
import type { Settings } from './config/settings.ts'
import { LineBuffer } from './line-buffer.ts'

/** Lines are for programs, one JSON object each, or for people. */
export async function createLog({ level, format }: Settings['log']): Promise<Logger> {
  const options = { level, base: null }
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY)
  if (isPretty) {
    const { default: pretty } = await import('pino-pretty')
    return pino(options, pretty({ translateTime: 'SYS:HH:MM:ss', ignore: 'id,client,method,path', sync: true }))
  }
  const lines = new LineBuffer(pino.destination({ dest: 1, sync: true }), { size: 15 * 1024, afterMs: 100 })
  process.once('exit', () => lines.flush())
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
