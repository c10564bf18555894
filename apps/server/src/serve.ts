import { join } from 'node:path'
import { type Clock, type LogEntry, systemClock } from '@dragoman/core'
import { clientLimits } from '@dragoman/gateway'
import type { Logger } from 'pino'
import { type AppOptions, createApp } from './app.ts'
import { type Composition, compose } from './compose.ts'
import { ConfigError } from './config/config-error.ts'
import type { Settings } from './config/settings.ts'
import { FileStore } from './file-store.ts'
import { logRecord } from './http/log-access.ts'
import { SlowDown } from './http/slow-down.ts'
import { type HttpServer, listen } from './http-server.ts'
import { keyFile, MadeKeys } from './made-keys.ts'
import { listenForMetrics, type MetricsListener } from './metrics/metrics-listener.ts'
import type { Looked, ServerMetrics } from './metrics/server-metrics.ts'
import { Observers } from './observers.ts'
import { providerSources } from './provider-sources.ts'
import type { ConfigFiles } from './reload/config-files.ts'
import { LiveServer, type Serving } from './reload/live-server.ts'
import { Reloader } from './reload/reloader.ts'
import { RequestCounts } from './request-counts.ts'
import { serverLedger } from './usage-ledger.ts'
import { version } from './version.ts'

/** Where another configuration comes from. */
export interface Reloading {
  /** The files that settings are read from; as they were when `settings` were. */
  readonly files: ConfigFiles
  readonly load: () => Promise<Settings>
}

export interface ServedHttp extends HttpServer {
  /** Undefined: the configuration stays as it is. */
  readonly reloader: Reloader | undefined
  /** Where metrics are told without a key; undefined where that is nowhere. */
  readonly metricsUrl: string | undefined
}

/**
 * Settings -> a server that listens. Without `admin` there is no `/admin`; without `reloading` the configuration stays.
 * Throws a `ConfigError` where the address cannot be had.
 */
export async function serve(
  settings: Settings,
  log: Logger,
  admin?: AppOptions['admin'],
  reloading?: Reloading,
  clock: Clock = systemClock,
): Promise<ServedHttp> {
  // What is made here outlives every configuration; what `prepare` makes is of one.
  const requests = new RequestCounts()
  const files = new FileStore({ folder: join(settings.paths.store, 'files') })
  const slowDown = new SlowDown(clock)
  const observers = new Observers({ version, clock, log, look: () => served && lookedAt(served) })
  const { metrics, losses } = observers
  const ledger = serverLedger(settings.paths.store, clock, log, (lost) => losses.count('ledger', lost))
  const admission = clientLimits({ budgets: ledger, clock, onNearlyUsed: observers.nearlyUsed })
  const madeKeys = new MadeKeys({ place: keyFile(settings.paths.store), clock, log })
  const startedAt = clock.elapsed()
  let reloader: Reloader | undefined
  let served: LiveServer | undefined

  const prepare = async (settings: Settings, running?: Serving): Promise<Serving> => {
    const { server: address, clients, limits, log: logging } = settings
    if (clients.mode === 'keys') await madeKeys.ready()
    const logged = logging.access ? logRecord(log) : undefined
    const record = (entry: LogEntry) => {
      requests.add(entry)
      ledger.record(entry)
      logged?.(entry)
      observers.record(entry, composition.gateway)
    }
    const composition: Composition = await compose(settings, {
      record,
      admission,
      log,
      onCredential: observers.credential,
      clock,
      previous: running?.composition,
    })
    const { gateway, credentials, state, sealKey } = composition
    const app = createApp({
      gateway,
      credentials,
      state,
      sealKey,
      files,
      requests,
      admin,
      reloader: () => reloader,
      ratesOf: admission.rates,
      usage: (query) => ledger.sums(query),
      metrics,
      tracing: settings.telemetry && (() => observers.began),
      slowDown,
      startedAt,
      access: { mode: clients.mode, ...address },
      keys: clients.mode === 'keys' ? clients.keys : undefined,
      madeKeys,
      onRevoke: clients.mode === 'keys' ? clients.onRevoke : undefined,
      limits,
      facts: {
        version,
        mode: clients.mode,
        providers: providerSources(settings),
        defaultModel: settings.defaultModel,
      },
      log,
      logsAccess: logging.access,
      clock,
    })
    return { settings, composition, app }
  }

  await observers.use(settings)
  const live = new LiveServer(await prepare(settings), log, clock)
  served = live
  let listener: MetricsListener | undefined
  const { host, port, maxConnections } = settings.server
  try {
    if (settings.metrics) listener = await metricsListener(settings.metrics, metrics)
    const server = await listen(live, {
      host,
      port,
      maxConnections,
      graceMs: () => live.serving.settings.limits.graceMs,
    })
    const onApplied = (applied: Settings, before: Settings) => {
      if (applied.log.level !== before.log.level) log.level = applied.log.level
      observers.use(applied).catch((err: unknown) => {
        log.warn({ err }, 'Telemetry and alerts go on as they were before the reload')
      })
    }
    if (reloading) reloader = new Reloader({ ...reloading, live, prepare, onApplied, adminKey: admin?.key, log, clock })
    return {
      ...server,
      reloader,
      metricsUrl: listener?.url,
      async stop() {
        await reloader?.close()
        await server.stop()
        await listener?.close()
        await live.close()
        await madeKeys.close()
        await admission.close()
        await ledger.close()
        // The last, so that what went wrong until here is told.
        await observers.close()
      },
    }
  } catch (cause) {
    await listener?.close()
    await live.close()
    await madeKeys.close()
    await ledger.close()
    await observers.close()
    throw explain(cause, host, port)
  }
}

function lookedAt({ load, leaving, serving: { composition } }: LiveServer): Looked {
  return { load, leaving, credentials: composition.credentials, gateway: composition.gateway }
}

async function metricsListener(
  { host, port }: Exclude<Settings['metrics'], undefined>,
  metrics: ServerMetrics,
): Promise<MetricsListener> {
  try {
    return await listenForMetrics({ host, port }, (accept) => metrics.exposed(accept))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? `: ${cause.code}` : ''
    throw new ConfigError([`metrics: ${host}:${port} cannot be listened on${code}; choose another address or port`])
  }
}

function explain(cause: unknown, host: string, port: number): unknown {
  switch (cause instanceof Error && 'code' in cause ? cause.code : undefined) {
    case 'EADDRINUSE':
      return new ConfigError([
        `Port ${port} of ${host} is taken: end the other program, or choose another with --port.`,
      ])
    case 'EACCES':
      return new ConfigError([`This user may not listen on port ${port}: choose one above 1023.`])
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return new ConfigError([`${host} is no address that can be listened on here (server.host, --host).`])
    default:
      return cause
  }
}
