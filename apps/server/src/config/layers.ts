import type { Flags } from '../cli/arguments.ts'
import type { ConfigFile } from './config-file.ts'
import type { EnvironmentSettings, Sections } from './environment.ts'
import { mapAt, valueAt } from './values.ts'

/** What the command line says, as it would stand in the file. */
export function sectionsOf({ host, port, logLevel }: Flags): Sections {
  return { server: { host, port }, log: { level: logLevel } }
}

/** Sections over one another, the last on top, setting by setting. What is undefined covers nothing. */
export function overlaid(layers: readonly Readonly<Record<string, unknown>>[]): Readonly<Record<string, unknown>> {
  const result = new Map<string, unknown>()
  for (const [name, section] of layers.flatMap((layer) => Object.entries(layer))) {
    const isMap = typeof section === 'object' && section !== null && !Array.isArray(section)
    const settings = Object.entries(mapAt(section, [])).filter(([, value]) => value !== undefined)
    result.set(name, isMap ? { ...mapAt(result.get(name), []), ...Object.fromEntries(settings) } : section)
  }
  return Object.fromEntries(result)
}

/** The port that the server is going to have, as far as one can say before everything is checked. */
export function ownPort(flags: Flags, environment: EnvironmentSettings, file: unknown): number {
  const given = [
    flags.port,
    valueAt(environment.overFile, ['server', 'port']),
    valueAt(file, ['server', 'port']),
    valueAt(environment.underFile, ['server', 'port']),
  ].find((port) => port !== undefined)
  return Number(given ?? 8787)
}

/** What set the host, for messages; undefined where nothing did. */
export function setHost(flags: Flags, environment: EnvironmentSettings, file: ConfigFile): string | undefined {
  if (flags.host !== undefined) return '--host'
  const isBeaten = valueAt(environment.overFile, ['server', 'host']) === undefined
  if (isBeaten && valueAt(file.value, ['server', 'host']) !== undefined) return file.name
  return environment.setBy.get('server.host')
}

/** The variables that a setting comes from, as messages call them. */
export function usedVariables({ overFile, setBy }: EnvironmentSettings, file: unknown): readonly string[] {
  return [...setBy].flatMap(([setting, label]) => {
    const path = setting.split('.')
    return valueAt(overFile, path) !== undefined || valueAt(file, path) === undefined ? [label] : []
  })
}
