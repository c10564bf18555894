import { join } from 'node:path'
import type { Logger } from 'pino'
import { adminKey } from '../admin-key.ts'
import { noticeOfKeys } from '../client-keys.ts'
import { createLog } from '../log.ts'
import { keyFile } from '../made-keys.ts'
import { ConfigFiles } from '../reload/config-files.ts'
import { serve } from '../serve.ts'
import { version } from '../version.ts'
import type { Flags } from './arguments.ts'
import { greeting } from './greeting.ts'
import { meaningOfHangUp } from './hang-up.ts'
import { settingsHere } from './running-server.ts'
import { stopAsked } from './stop-asked.ts'

/** Serves until it is asked to stop. What people are to read goes to stderr: stdout is the log. */
export async function start(flags: Flags): Promise<void> {
  const say = (text: string) => process.stderr.write(`${text}\n`)
  const cwd = process.cwd()
  const load = () => settingsHere(flags)
  const settings = await load()
  const files = new ConfigFiles({ cwd, asked: settings.configFile })
  await files.reading()
  await files.taken()
  const log = await createLog(settings.log)
  surviveStrays(log)
  const { key, notice } = await adminKey({
    configured: settings.adminKey,
    path: join(settings.paths.store, 'admin.key'),
    clientKeys: settings.clients.mode === 'keys' ? settings.clients.keys.map((client) => client.key) : [],
  })
  const server = await serve(settings, log, key && { key }, { files, load })
  const { reloader } = server
  reloader?.watch()
  const isAtTerminal = process.stdin.isTTY || process.stderr.isTTY
  // Before it says that it is there: whoever reads that may send a signal at once.
  const stopped = stopAsked(process, undefined, () => {
    if (meaningOfHangUp({ isAtTerminal }) === 'stop') return 'stop'
    void reloader?.reload({ by: 'signal' })
    return 'handled'
  })
  const ofKeys = noticeOfKeys(settings.clients, keyFile(settings.paths.store).stamp() !== undefined)
  for (const told of [...settings.notices, notice, ofKeys]) if (told) say(`Note: ${told}`)
  say(greeting(settings, server.url, version))

  await stopped
  say('Stopping: open requests may finish.')
  await server.stop()
}

/** A mistake in one provider's leftover callback must not end everybody's streams. */
function surviveStrays(log: Logger): void {
  process.on('uncaughtException', (err) => log.error({ err }, 'uncaught exception'))
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'))
}
