import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handClock } from '@dragoman/testkit'
import OpenAI from 'openai'
import pino from 'pino'
import { compose, loadPresets, providerTypes } from './compose.ts'
import { loadSettings } from './config/load.ts'
import { apis } from './test-founding-apis.ts'
import type { Door, FoundingService } from './test-founding-door.ts'
import { sites } from './test-founding-sites.ts'
import { startTestServer } from './test-server.ts'

/** All of them, the documented APIs first: the first that has a name serves it. */
export const doors: readonly Door[] = [...apis, ...sites]

const clientKey = 'sk-of-a-client-of-ours'

/**
 * The server as it is configured by a file with all doors, over a fake of each service.
 *
 * @param changes by door, over its own settings
 */
export async function startFounding(changes: Readonly<Record<string, object>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'dragoman-founding-'))
  const services = new Map<string, FoundingService>()
  const providers: Record<string, object> = {}
  for (const { id, start } of doors) {
    const service = await start()
    services.set(id, service)
    providers[id] = { type: id, ...service.settings, ...changes[id] }
  }
  // JSON is YAML.
  const file = { clients: { keys: [clientKey] }, store: { path: folder }, providers }
  await writeFile(join(folder, 'dragoman.yaml'), JSON.stringify(file))
  const clock = handClock()
  const settings = await loadSettings({ env: {}, cwd: folder, factories: providerTypes, presets: loadPresets })
  const composition = await compose(settings, { clock, log: pino({ enabled: false }) })
  const { gateway, credentials } = composition
  const { clients } = settings
  const keys = clients.mode === 'keys' ? clients.keys : []
  const server = await startTestServer(undefined, { gateway, credentials, keys, clock })
  const service = ({ id }: Pick<Door, 'id'>): FoundingService => {
    const found = services.get(id)
    if (!found) throw new Error(`There is no door ${id}`)
    return found
  }
  let stopping: Promise<void> | undefined
  const stop = async () => {
    await server.stop()
    await composition.close()
  }
  const rig = {
    clock,
    client: new OpenAI({ baseURL: `${server.url}/v1`, apiKey: clientKey, maxRetries: 0 }),
    service,
    /** Ids of doors whose service has been sent this text. */
    sentTo: (text: string) =>
      doors.flatMap(({ id }) => (service({ id }).requests.some((request) => request.text.includes(text)) ? [id] : [])),
    /** Ends the server as a signal does: what it still has to remove is removed first. */
    stop: () => {
      stopping ??= stop()
      return stopping
    },
    async [Symbol.asyncDispose]() {
      await rig.stop()
      await Promise.all([...services.values()].map((each) => each[Symbol.asyncDispose]()))
      await rm(folder, { recursive: true })
    },
  }
  return rig
}
