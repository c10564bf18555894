import { request } from 'node:http'
import { Secret } from '@dragoman/core'
import { isOwnAddress } from './config/loopback.ts'
import { faultOfFoundKey } from './config/placeholders.ts'
import { listAt, valueAt } from './config/values.ts'
import type { Variables } from './config/variables.ts'

/** What is known of a service or a local engine, as far as finding it goes. */
export interface DiscoverablePreset {
  readonly name: string
  readonly baseUrl?: string | undefined
  /** The environment variables that usually hold its key, the usual one first. */
  readonly keyVariables: readonly string[]
  readonly defaultModel?: string | undefined
  /** Where the engine listens unless told otherwise, and what to ask to see that it is there. */
  readonly local?: { readonly port: number; readonly probePath: string } | undefined
}

/** A service whose key is in the environment. */
export interface HostedFinding {
  /** Id of its preset, and so of its provider. */
  readonly id: string
  readonly name: string
  readonly variable: string
  readonly key: Secret
  /** Where another service than the preset's own is to be asked; then nothing else of the preset holds either. */
  readonly baseUrl?: string | undefined
}

/** A provider that variables make by themselves, without a preset. */
export interface MadeFinding {
  readonly id: string
  /** The variables without which it would not be there. */
  readonly madeBy: readonly string[]
  readonly defaultModel: string
}

/** An engine that listens on this machine. */
export interface LocalFinding {
  readonly id: string
  readonly name: string
  readonly port: number
  /** Ids, in the engine's order. */
  readonly models: readonly string[]
}

export interface Discovery {
  readonly made: readonly MadeFinding[]
  readonly hosted: readonly HostedFinding[]
  readonly local: readonly LocalFinding[]
  /** Serves names that nothing else does; undefined where no finding suggests one. */
  readonly defaultModel: string | undefined
  readonly notices: readonly string[]
}

export interface DiscoveryOptions {
  readonly presets: Readonly<Record<string, DiscoverablePreset>>
  readonly variables: Variables
  /** What is there already. The first of it suggests the default model. */
  readonly made?: readonly MadeFinding[] | undefined
  /** The gateway's own port: what answers there may be another one of us. */
  readonly ownPort: number
  /** The name that works without any of this. */
  readonly lastResort: string
  readonly signal?: AbortSignal | undefined
  /** How long a local port may take to answer. Default 300. */
  readonly probeMs?: number | undefined
}

/** Variables that send a service's key elsewhere, by the variable of the key. */
const baseUrlVariables: Readonly<Record<string, string>> = { OPENAI_API_KEY: 'OPENAI_BASE_URL' }

/** Looks for services whose keys are in the environment and for engines on their usual ports of this machine. */
export async function discover(options: DiscoveryOptions): Promise<Discovery> {
  const { presets, lastResort } = options
  const made = (options.made ?? []).map(({ id, madeBy, defaultModel }) => ({ id, madeBy, defaultModel }))
  const notices: string[] = []
  const hosted = Object.entries(presets).flatMap(([id, preset]) => findHosted(id, preset, options, notices))
  const local = await findLocal(options)

  const preferred = hosted.find(({ id, baseUrl }) => baseUrl === undefined && presets[id]?.defaultModel)
  const engine = local.find(({ models }) => models.length > 0)
  let defaultModel = made[0] && `${made[0].id}/${made[0].defaultModel}`
  defaultModel ??= preferred && `${preferred.id}/${presets[preferred.id]?.defaultModel}`
  defaultModel ??= engine && `${engine.id}/${engine.models[0]}`
  if (made.length + hosted.length + local.length === 0) defaultModel = lastResort
  return { made, hosted, local, defaultModel, notices }
}

function findHosted(
  id: string,
  preset: DiscoverablePreset,
  { variables, ownPort }: DiscoveryOptions,
  notices: string[],
): readonly HostedFinding[] {
  for (const variable of preset.keyVariables) {
    const baseUrlVariable = baseUrlVariables[variable]
    const otherUrl = baseUrlVariable === undefined ? undefined : variables.get(baseUrlVariable)?.trim() || undefined
    const key = variables.get(variable)?.trim()
    if (!key) {
      if (otherUrl) notices.push(`${baseUrlVariable} is not used: it needs ${variable} beside it`)
      continue
    }
    const fault = faultOfFoundKey(key)
    if (fault) {
      notices.push(`${variables.label(variable)} is not used: ${fault}`)
      continue
    }
    const baseUrl = otherUrl && isSameUrl(otherUrl, preset.baseUrl) ? undefined : otherUrl
    if (baseUrl && isOwnAddress(baseUrl, ownPort)) {
      notices.push(`${baseUrlVariable} is not used: it is the address of this server itself`)
      continue
    }
    if (!baseUrl && !preset.baseUrl) {
      notices.push(`${variables.label(variable)} is not used: ${preset.name} needs a baseUrl, in dragoman.yaml`)
      continue
    }
    return [{ id, name: preset.name, variable, key: new Secret(key), baseUrl }]
  }
  return []
}

function isSameUrl(a: string, b: string | undefined): boolean {
  return b !== undefined && a.replace(/\/+$/, '') === b.replace(/\/+$/, '')
}

async function findLocal({
  presets,
  ownPort,
  signal,
  probeMs = 300,
}: DiscoveryOptions): Promise<readonly LocalFinding[]> {
  const probed = await Promise.all(
    Object.entries(presets).map(async ([id, { name, local }]) => {
      if (!local || local.port === ownPort) return []
      const deadline = AbortSignal.timeout(probeMs)
      const models = await listModels(
        local.port,
        local.probePath,
        signal ? AbortSignal.any([signal, deadline]) : deadline,
      )
      return models ? [{ id, name, port: local.port, models }] : []
    }),
  )
  signal?.throwIfAborted()
  // Several engines share a usual port. Which of them it is does not show, so the first in the table stands for it.
  const found = probed.flat()
  return found.filter(({ port }, index) => found.findIndex((other) => other.port === port) === index)
}

const maxListBytes = 1024 * 1024

/** The models that something on a port of this machine lists; undefined where nothing does. */
function listModels(port: number, path: string, signal: AbortSignal): Promise<string[] | undefined> {
  return new Promise((resolve) => {
    // An agent of its own: the global one may go through the operator's proxy, and keeps the socket.
    const probe = request({
      host: '127.0.0.1',
      port,
      path,
      signal,
      agent: false,
      headers: { accept: 'application/json' },
    })
    // Nobody there, somebody who does not speak HTTP, or too late: all the same to us.
    probe.on('error', () => resolve(undefined))
    probe.on('response', async (response) => {
      try {
        let body = ''
        response.setEncoding('utf8')
        for await (const part of response) {
          body += part
          if (body.length > maxListBytes) break
        }
        resolve(response.statusCode === 200 ? modelIds(body) : undefined)
      } catch {
        resolve(undefined) // it broke off, or took too long: not an engine that could be used
      }
    })
    probe.end()
  })
}

/** Ids from an answer that looks like a list of models: OpenAI's `data` of `id`, or Ollama's `models` of `name`. */
function modelIds(body: string): string[] | undefined {
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch {
    return undefined // some other program
  }
  const isEmptyList = valueAt(answer, ['object']) === 'list' && !valueAt(answer, ['data', 0])
  const list = [...listAt(answer, ['data']), ...listAt(answer, ['models'])]
  const ids = list.map((model) => valueAt(model, ['id']) ?? valueAt(model, ['name']))
  return isEmptyList || (ids.length > 0 && ids.every(isText)) ? ids.filter(isText) : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
