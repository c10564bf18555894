import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError } from './config-error.ts'
import { fakeFactories, fakePresets } from './fake-factories.ts'
import { type LoadOptions, loadSettings } from './load.ts'

let cwd: string

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'dragoman-config-'))
})

afterEach(async () => {
  await rm(cwd, { recursive: true })
})

async function load(yaml: string | undefined, options: Partial<LoadOptions> = {}) {
  if (yaml !== undefined) await writeFile(join(cwd, 'dragoman.yaml'), yaml, { mode: 0o600 })
  return loadSettings({ env: {}, cwd, factories: fakeFactories, presets: async () => fakePresets, ...options })
}

async function problemsOf(yaml: string | undefined, options: Partial<LoadOptions> = {}): Promise<readonly string[]> {
  const error = await load(yaml, options).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConfigError)
  return error instanceof ConfigError ? error.problems : []
}

test('x', async () => {
  console.dir(await load(undefined), { depth: 9 })
  console.dir(
    await problemsOf(
      `
server: { hots: a, port: x }
clients: { kyes: [a] }
providers:
  a: { type: openai, credentials: [sk-abcdefgh] }
  b: { type: openai-compatible, baseUrl: nourl, stream: nevr, extra: 1, headers: { Authorization: 3 }, credentials: [{ apiKey: 42 }, { apikey: x }, { apiKey: changeme }] }
  'C d': { type: demo }
  e: { type: account, credentials: [{ token: 3 }, { emial: a, password: b }] }
  f:
  g: { type: openai-compatible }
  h: { type: openai-compatible, baseUrl: '\${URL}', weight: '\${W}', credentials: [{ apiKey: '\${MISSING}' }] }
models:
  - { name: 'a*b', deployments: [{ provider: hh }] }
  - name: m
    deployments:
      - { provider: h, stream: nevr, baseUrI: x, model: 3 }
  - { name: m, deployments: [] }
defaultModel: mm
proxy: user:pass@host
`,
      { env: { URL: 'nourl', W: '7' } },
    ),
    { depth: 9 },
  )
})
