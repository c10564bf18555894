import { isDragomanError } from '@dragoman/core'
import { compose } from '../compose.ts'
import { ConfigError } from '../config/config-error.ts'
import type { Settings } from '../config/settings.ts'
import { valueAt } from '../config/values.ts'
import { createLog } from '../log.ts'
import { keyFile, MadeKeys } from '../made-keys.ts'
import { clientCalled, noModel, noVariant, type ShownExplanation, shownTimes } from '../routes/explain.ts'
import type { Flags } from './arguments.ts'
import { explanationText } from './explanation-text.ts'
import { askServer, hasAdminKey, settingsHere, urlOf } from './running-server.ts'

export interface ExplainOptions {
  readonly model: string
  readonly variant?: string | undefined
  /** The name of a client key. */
  readonly key?: string | undefined
  readonly json: boolean
}

/** `dragoman explain`: where a request would go, from the running server, else from the configuration alone. */
export async function explain(options: ExplainOptions, flags: Flags): Promise<void> {
  const { stdout, stderr } = await explained(options, await settingsHere(flags))
  process.stdout.write(stdout)
  process.stderr.write(stderr)
}

/** What to write, and to where. */
export async function explained({ json, ...query }: ExplainOptions, settings: Settings) {
  const answer = (await hasAdminKey(settings))
    ? await askServer(settings, { method: 'POST', path: '/admin/explain', body: query })
    : undefined
  if (answer && answer.status !== 200) {
    throw new ConfigError([String(valueAt(answer.json, ['error', 'message']) ?? `It answers ${answer.status}`)])
  }
  const isLive = answer !== undefined
  const explanation = answer ? (answer.json as ShownExplanation) : await fromSettings(settings, query)
  const note = `Note: no server answers at ${urlOf(settings)}. This is what the configuration says; how targets are is not known.\n`
  return {
    stdout: json ? `${JSON.stringify({ isLive, ...explanation }, undefined, 2)}\n` : explanationText(explanation),
    stderr: isLive ? '' : note,
  }
}

type Query = Omit<ExplainOptions, 'json'>

async function fromSettings(settings: Settings, { model, variant, key }: Query): Promise<ShownExplanation> {
  const log = await createLog({ ...settings.log, level: 'silent' })
  const keys = settings.clients.mode === 'keys' ? settings.clients.keys : []
  const madeKeys = new MadeKeys({ place: keyFile(settings.paths.store), log })
  const composition = await compose(settings, { log })
  const { gateway } = composition
  const { signal } = new AbortController()
  try {
    if (variant !== undefined && !gateway.variants.has(variant)) throw noVariant(variant, gateway)
    const client = key === undefined ? undefined : await clientCalled(key, { keys, madeKeys })
    const explanation = await gateway.explain(model, { signal, variant, rights: client?.rights })
    if (!explanation) throw await noModel(gateway, model, { signal, variant })
    return shownTimes(explanation)
  } catch (error) {
    throw isDragomanError(error) ? new ConfigError([error.message]) : error
  } finally {
    await madeKeys.close()
    await composition.close()
  }
}
