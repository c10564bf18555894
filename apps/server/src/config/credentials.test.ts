// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how the file refers to variables.
import { Secret } from '@dragoman/core'
import { describe, expect, test } from 'vitest'
import { credentialFields } from './credential-fields.ts'
import { fakeFactories } from './fake-factories.ts'
import { testFolder } from './test-folder.ts'

const { load, path, problems } = testFolder()
const adminKey = 'adm1n-7d20c8f1'
const account = "{ email: '${MAIL}', password: '${PASS}' }"

describe('where credentials come from', () => {
  test('files, folders and variables besides the list; paths count from where the server was started', async () => {
    const yaml = `
providers:
  mail:
    type: account
    credentials: [${account}]
    credentialsFrom:
      - { file: data/tokens.txt, field: token }
      - { directory: /var/lib/accounts }
      - { env: TOKEN_POOL }
`
    const env = { MAIL: 'me@a.example', PASS: 'pa55', TOKEN_POOL: '["t-1"]' }
    const [mail] = (await load(yaml, { env })).providers
    expect(mail?.credentialsFrom).toMatchObject([
      { field: 'token', file: path('data/tokens.txt') },
      { directory: '/var/lib/accounts' },
      { from: 'TOKEN_POOL' },
    ])
    const [, , variable] = mail?.credentialsFrom ?? []
    expect(variable && 'text' in variable && variable.text.reveal()).toBe('["t-1"]')
    expect(JSON.stringify(mail)).not.toContain('t-1')
  })

  test('a bare token is the one value that needs nothing beside it', async () => {
    const fields = credentialFields(await factory('account'))
    expect(fields.field).toBe('token')
    expect(fields.check({ token: new Secret('t') })).toBeUndefined()
    expect(fields.check({ email: new Secret('canary-3f9a') })).toBe(
      'expected a map { email, password } or a map { token }',
    )
    expect(credentialFields(await factory('openai-compatible')).field).toBe('apiKey')
  })

  test('a provider with a file has credentials, even where the list is empty', async () => {
    const without = await load('providers: { a: { type: account } }')
    expect(without.notices).toContain('a has no credentials, and its service asks for one')
    const withFile = await load('providers: { a: { type: account, credentialsFrom: [{ file: t }] } }')
    expect(withFile.notices.join()).not.toContain('has no credentials')
  })

  test('how they are shared out', async () => {
    const yaml = `
providers:
  a:
    type: account
    credentials: [{ token: one }, { token: two }]
    pool: { strategy: weighted, weights: [3], maxConcurrent: 2, waitMs: 5000, refreshIntervalMs: 60000 }
cooldown: { maxMs: 30000 }
`
    const settings = await load(yaml)
    expect(settings.providers[0]).toMatchObject({
      credentials: [{ weight: 3, from: 'configuration' }, { weight: undefined }],
      pool: { strategy: 'weighted', maxConcurrent: 2, waitMs: 5000, refreshIntervalMs: 60_000 },
    })
    expect(settings.maxCooldownMs).toBe(30_000)
  })

  test('what is no source is refused', async () => {
    expect(await problems('providers: { a: { type: account, credentialsFrom: [{ url: x }] } }')).toEqual([
      'dragoman.yaml:1: providers.a.credentialsFrom[0].url: unknown key; known here: file, field, allowOthersToRead, directory, env',
    ])
    expect(await problems('providers: { a: { type: account, pool: { strategy: best } } }')).toEqual([
      expect.stringContaining('providers.a.pool.strategy: expected one of "least-used", "round-robin", "weighted"'),
    ])
  })
})

describe('the admin key and the vault', () => {
  test('by default both keys are made in the store', async () => {
    const { adminKey, vaultKey, paths } = await load(undefined)
    expect([adminKey, vaultKey]).toEqual([undefined, undefined])
    expect(paths).toEqual({ store: path('data'), sessions: path('data/sessions') })
  })

  test('variables stand behind the file', async () => {
    const env = { ADMIN_KEY: adminKey, SESSION_ENCRYPTION_KEY: 'f'.repeat(64), SESSION_DIR: '.sessions' }
    const settings = await load(undefined, { env })
    expect(settings.adminKey?.reveal()).toBe(adminKey)
    expect(settings.vaultKey?.reveal()).toBe('f'.repeat(64))
    expect(settings.paths.sessions).toBe(path('.sessions'))
    expect(settings.sources).toEqual(['ADMIN_KEY', 'SESSION_ENCRYPTION_KEY', 'SESSION_DIR'])
    expect(JSON.stringify(settings)).not.toContain(adminKey)

    const yaml = "admin: { key: '${OTHER}' }\nstore: { path: /srv/dragoman }\nvault: { previousKeys: ['${OLD}'] }"
    const filled = await load(yaml, { env: { ...env, OTHER: 'an0ther-admin', OLD: 'old-passphrase-1' } })
    expect(filled.adminKey?.reveal()).toBe('an0ther-admin')
    expect(filled.paths.store).toBe('/srv/dragoman')
    expect(filled.previousVaultKeys.map((key) => key.reveal())).toEqual(['old-passphrase-1'])
  })

  test.each([
    ['', 'ADMIN_KEY: is empty: make a key with `openssl rand -hex 32`, or remove the variable'],
    ['   ', 'ADMIN_KEY: is empty: make a key with `openssl rand -hex 32`, or remove the variable'],
    [
      'admin123',
      'admin.key, from ADMIN_KEY: is a placeholder, not a secret of yours: make a key with `openssl rand -hex 32`',
    ],
  ])('an admin key of %j is none', async (key, told) => {
    expect(await problems(undefined, { env: { ADMIN_KEY: key } })).toEqual([told])
  })

  test('ADMIN_PASSWORD is a key too, and ADMIN_KEY beats it', async () => {
    const env = { ADMIN_PASSWORD: 'an0ther-adm1n' }
    expect((await load(undefined, { env })).adminKey?.reveal()).toBe('an0ther-adm1n')
    expect((await load(undefined, { env: { ...env, ADMIN_KEY: adminKey } })).adminKey?.reveal()).toBe(adminKey)
    expect(await problems(undefined, { env: { ADMIN_PASSWORD: 'admin123' } })).toEqual([
      'admin.key, from ADMIN_PASSWORD: is a placeholder, not a secret of yours: make a key with `openssl rand -hex 32`',
    ])
  })

  test('a key that cannot be used is not shown', async () => {
    const told = await problems(undefined, { env: { ADMIN_KEY: `${adminKey} ü` } })
    expect(told).toHaveLength(1)
    expect(told.join()).not.toContain(adminKey)
  })
})

async function factory(id: string) {
  const load = fakeFactories[id]
  if (!load) throw new Error(`There is no type ${id}`)
  return load()
}
