import { join } from 'node:path'
import type { LogEntry } from '@dragoman/core'
import type { Logger } from 'pino'
import { type AppOptions, createApp } from './app.ts'
import { compose } from './compose.ts'
import { ConfigError } from './config/config-error.ts'
import type { Settings } from './config/settings.ts'
import { FileStore } from './file-store.ts'
import { logRecord } from './http/log-access.ts'
import { type HttpServer, listen } from './http-server.ts'
import { providerSources } from './provider-sources.ts'
import { RequestCounts } from './request-counts.ts'
import { version } from './version.ts'

/**
 * Settings -> a server that listens. Without `admin` there is no `/admin`. Throws a `ConfigError` where the address cannot
 * be had.
 */
export async function serve(settings: Settings, log: Logger, admin?: AppOptions['admin']): Promise<HttpServer> {
  const { server: address, clients, limits, log: logging } = settings
  const requests = new RequestCounts()
  const logged = logging.access ? logRecord(log) : undefined
  const record = (entry: LogEntry) => {
    requests.add(entry)
    logged?.(entry)
  }
  const composition = await compose(settings, { record, log })
  const { gateway, credentials, state, sealKey } = composition
  const app = createApp({
    gateway,
    credentials,
    state,
    sealKey,
    files: new FileStore({ folder: join(settings.paths.store, 'files') }),
    requests,
    admin,
    access: { mode: clients.mode, ...address },
    keys: clients.mode === 'keys' ? clients.keys : undefined,
    limits,
    facts: {
      version,
      mode: clients.mode,
      providers: providerSources(settings),
      defaultModel: settings.defaultModel,
    },
    log,
    logsAccess: logging.access,
  })
  const { host, port, maxConnections } = address
  try {
    const server = await listen(app, { host, port, maxConnections, graceMs: limits.graceMs })
    return {
      ...server,
      async stop() {
        await server.stop()
        await composition.close()
      },
    }
  } catch (cause) {
    await composition.close()
    throw explain(cause, host, port)
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
