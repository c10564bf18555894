import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { ConfigError } from './config-error.ts'
import { fakeFactories, fakePresets } from './fake-factories.ts'
import { type LoadOptions, loadSettings } from './load.ts'
import type { Settings } from './settings.ts'

export interface TestFolder {
  path(name?: string): string
  write(name: string, text: string | Uint8Array, mode?: number): Promise<void>
  remove(name: string): Promise<void>
  /** Settings of a server that is started in the folder; `yaml` becomes its dragoman.yaml. */
  load(yaml: string | undefined, options?: Partial<LoadOptions>): Promise<Settings>
  /** The problems for which it is not started. */
  problems(yaml: string | undefined, options?: Partial<LoadOptions>): Promise<readonly string[]>
}

/** A folder of its own for every test of a file. */
export function testFolder(): TestFolder {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dragoman-config-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const write: TestFolder['write'] = (name, text, mode = 0o600) => writeFile(join(folder, name), text, { mode })
  const load: TestFolder['load'] = async (yaml, options = {}) => {
    if (yaml !== undefined) await write('dragoman.yaml', yaml)
    const found = { factories: fakeFactories, presets: async () => fakePresets }
    return loadSettings({ env: {}, cwd: folder, ...found, ...options })
  }
  return {
    path: (name = '') => join(folder, name),
    write,
    remove: (name) => rm(join(folder, name)),
    load,
    async problems(yaml, options) {
      const outcome = await load(yaml, options).catch((reason: unknown) => reason)
      if (outcome instanceof ConfigError) return outcome.problems
      throw new Error('It was accepted', { cause: outcome })
    },
  }
}
