import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { createApp } from '../app.ts'
import { compose, loadPresets, providerTypes } from '../compose.ts'
import { loadSettings } from '../config/load.ts'
import { logRecord } from '../http/log-access.ts'
import { listen } from '../http-server.ts'

// The server as `start` makes it, with the limits that no configuration has. Its parent asks how much memory it takes.

export interface FrontOrder {
  readonly host: string
  readonly upstream: string
  /** None: open mode. */
  readonly keys?: readonly string[]
  readonly corsOrigins?: readonly string[]
  readonly maxConnections?: number
  readonly headersMs?: number
}

export interface FrontAnswer {
  readonly url: string
  readonly peakBytes: number
}

let url = ''
let peakBytes = 0
const look = () => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
}
setInterval(look, 10)

process.on('message', async (message: FrontOrder | 'peak') => {
  if (message === 'peak') look()
  else url = await start(message)
  process.send?.({ url, peakBytes } satisfies FrontAnswer)
  peakBytes = 0
})
process.on('disconnect', () => process.exit())

async function start({ host, upstream, keys, corsOrigins, maxConnections, headersMs }: FrontOrder): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), 'dragoman-front-'))
  const config = join(cwd, 'dragoman.yaml')
  const document = {
    server: { host, port: 0, ...(maxConnections && { maxConnections }), ...(corsOrigins && { corsOrigins }) },
    clients: keys ? { keys } : 'open',
    providers: {
      up: { type: 'openai-compatible', baseUrl: `${upstream}/v1`, credentials: [{ apiKey: 'sk-upstream-key' }] },
    },
    models: [{ name: 'm', deployments: [{ provider: 'up', model: 'm' }] }],
  }
  writeFileSync(config, JSON.stringify(document), { mode: 0o600 }) // JSON is YAML
  const settings = await loadSettings({
    flags: { config },
    env: {},
    cwd,
    factories: providerTypes,
    presets: loadPresets,
  })
  rmSync(cwd, { recursive: true })
  const log = pino({ base: null })
  const { server, clients, limits } = settings
  const app = createApp({
    gateway: (await compose(settings, { record: logRecord(log), log })).gateway,
    access: { mode: clients.mode, ...server },
    keys: clients.mode === 'keys' ? clients.keys : undefined,
    limits,
    facts: { version: '0', mode: clients.mode, providers: [], defaultModel: undefined },
    log,
    logsAccess: true,
  })
  return (await listen(app, { ...server, graceMs: 0, headersMs })).url
}
