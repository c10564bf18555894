import { ConfigError } from '../config/config-error.ts'
import { listAt, valueAt } from '../config/values.ts'
import type { Flags } from './arguments.ts'
import { askServer, type Here, settingsHere, urlOf } from './running-server.ts'

export interface ReloadFlags {
  readonly dryRun: boolean
  readonly newOrigins: boolean
}

const results: Readonly<Record<string, string>> = {
  applied: 'The configuration was reloaded.',
  unchanged: 'Nothing was changed.',
  checked: 'The configuration is right, and nothing was changed.',
}

/**
 * `dragoman reload`: the running server reads its configuration anew. Answers what has become of it, to be read. Throws
 * a `ConfigError` where it is refused.
 */
export async function reload(flags: Flags, { dryRun, newOrigins }: ReloadFlags, here?: Here): Promise<string> {
  const settings = await settingsHere(flags, here)
  const answer = await askServer(settings, {
    method: 'POST',
    path: `/admin/reload?dryRun=${dryRun}&newOrigins=${newOrigins}`,
  })
  if (!answer) {
    const hint = 'start it, or say where it is with --host and --port'
    throw new ConfigError([`No server answers at ${urlOf(settings)}: ${hint}`])
  }
  if (answer.status !== 200) {
    throw new ConfigError([String(valueAt(answer.json, ['error', 'message']) ?? `It answers ${answer.status}`)])
  }
  const changes = listAt(answer.json, ['changes']).map((change) => `  ${valueAt(change, ['words'])}\n`)
  const notices = listAt(answer.json, ['notices']).map((notice) => `Note: ${notice}\n`)
  const result = results[String(valueAt(answer.json, ['result']))] ?? ''
  return `${notices.join('')}${result}\n${changes.join('') || '  Nothing is otherwise.\n'}`
}
