import { join } from 'node:path'
import { loadPresets, providerTypes } from '../compose.ts'
import { ConfigError } from '../config/config-error.ts'
import { readOptional } from '../config/files.ts'
import { type LoadOptions, loadSettings } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'
import type { Flags } from './arguments.ts'

/** Where a command runs. */
export type Here = Pick<LoadOptions, 'env' | 'cwd'>

/** The configuration of this folder, as `start` reads it. Throws a `ConfigError`. */
export function settingsHere(flags: Flags, here: Here = { env: process.env, cwd: process.cwd() }): Promise<Settings> {
  return loadSettings({ ...here, flags, factories: providerTypes, presets: loadPresets })
}

export interface Asked {
  readonly method: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  readonly body?: unknown
}

export interface ServerAnswer {
  readonly status: number
  readonly json: unknown
}

/**
 * Asks the server that runs with these settings, with its admin key. Undefined where none answers at their address.
 * Throws a `ConfigError` where there is no key, or what answers does not take it.
 */
export async function askServer(settings: Settings, { method, path, body }: Asked): Promise<ServerAnswer | undefined> {
  const key = await adminKeyOf(settings)
  const headers = { 'x-admin-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const url = urlOf(settings)
  let response: Response
  try {
    response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) ?? null })
  } catch {
    return undefined
  }
  if (response.status === 401) throw new ConfigError([`${url} does not take the admin key of this configuration`])
  const text = await response.text()
  try {
    return { status: response.status, json: JSON.parse(text) }
  } catch {
    throw new ConfigError([`${url} answers ${response.status} without JSON: something else listens there`])
  }
}

/** Where somebody on this machine reaches it. */
export function urlOf({ server: { host, port } }: Settings): string {
  if (port === 0) throw new ConfigError(['The port of the server is not known: give it with --port'])
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

async function adminKeyOf({ adminKey, paths }: Settings): Promise<string> {
  const path = join(paths.store, 'admin.key')
  const key = await adminKeyAt(adminKey, path)
  if (!key) throw new ConfigError([`There is no admin key: neither ADMIN_KEY nor ${path}`])
  return key
}

/** Without one there is nothing to ask a server with, and most often no server. */
export async function hasAdminKey({ adminKey, paths }: Settings): Promise<boolean> {
  return Boolean(await adminKeyAt(adminKey, join(paths.store, 'admin.key')))
}

async function adminKeyAt(configured: Settings['adminKey'], path: string): Promise<string | undefined> {
  return (configured?.reveal() ?? (await readOptional(path)))?.trim()
}
