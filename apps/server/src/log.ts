import pino, { type Logger } from 'pino'
import type { Settings } from './config/settings.ts'

/** Lines for people on a terminal, JSON anywhere else. */
export async function createLog({ level, format }: Settings['log']): Promise<Logger> {
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY)
  const options = { level, base: null }
  if (!isPretty) return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime })
  const { default: pretty } = await import('pino-pretty')
  return pino(options, pretty({ translateTime: 'SYS:HH:MM:ss', ignore: 'id,client,method,path', sync: true }))
}
