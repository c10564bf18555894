import type { Handler } from '../http/handler.ts'
import { sendExposition } from '../metrics/metrics-listener.ts'
import type { ServerMetrics } from '../metrics/server-metrics.ts'

/** `GET /metrics`: text for Prometheus, or OpenMetrics where that is asked for. Whoever gets here has the admin key. */
export function metricsRoute(metrics: Pick<ServerMetrics, 'exposed'>): Handler {
  return (request, response) => sendExposition(response, metrics.exposed(request.headers.accept))
}
