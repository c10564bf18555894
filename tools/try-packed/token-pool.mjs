import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DragomanError } from '@dragoman/core'
import { parseCredentials, TokenPool } from '@dragoman/token-pool'
import { openVault, vaultKeyFile, watchCredentials } from '@dragoman/token-pool/files'

const { signal } = new AbortController()
const { credentials, problems } = parseCredentials('first\n# mine\nsecond\nfirst\n', { from: 'list', field: 'token' })
assert.deepEqual(problems, ['list:4: the same as line 1'])

const pool = new TokenPool({ name: 'acme', credentials })
const limited = await pool.lease({ signal, model: 'm' })
limited.settle({ kind: 'failed', error: new DragomanError('rate_limited', 'slow down', { retryAfterMs: 60_000 }) })
const next = await pool.lease({ signal, model: 'm' })
assert.equal(next.credential.values.token?.reveal(), 'second')
next.settle({ kind: 'ok' })
assert.equal(pool.stats().inFlight, 0)
pool.close()

const folder = mkdtempSync(join(tmpdir(), 'pool-'))
const file = join(folder, 'tokens.txt')
writeFileSync(file, 'third\n', { mode: 0o600 })
const watch = watchCredentials({ sources: [{ file }], field: 'token', onChange: () => {} })
assert.equal((await watch.ready).credentials.length, 1)
watch.close()

const vault = await openVault({
  directory: join(folder, 'vault'),
  name: 'acme',
  key: await vaultKeyFile(join(folder, 'key')),
})
await vault.save('account', { values: { session: 'abc' }, savedAt: 1 })
assert.equal((await vault.load('account'))?.values.session, 'abc')
assert.ok(readdirSync(join(folder, 'vault')).includes('acme.vault'))
rmSync(folder, { recursive: true })
