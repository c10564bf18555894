import type { Handler } from '../http/handler.ts'
import { sendJson } from '../http/send-json.ts'

/** `GET /health`: 200 while the process can serve. */
export function health(options: { version: string; startedAt: number; now: () => number }): Handler {
  const { version, startedAt, now } = options
  return (_request, response) => {
    sendJson(response, {
      status: 'healthy',
      timestamp: new Date(now()).toISOString(),
      version,
      uptime: Math.floor((now() - startedAt) / 1000),
    })
  }
}
