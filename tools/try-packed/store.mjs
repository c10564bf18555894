import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteState } from '@dragoman/store/sqlite'
import { sqliteKeys } from '@dragoman/store/sqlite-keys'

const folder = mkdtempSync(join(tmpdir(), 'store-'))
const path = join(folder, 'state.db')
const first = sqliteState({ path })
await first.set('greeting', 'hello', { ttlMs: 60_000 })
await first.close()
const second = sqliteState({ path })
assert.equal(await second.get('greeting'), 'hello')
await second.close()
const keys = sqliteKeys({ path: join(folder, 'keys.db') })
const hash = new Uint8Array(32)
await keys.create({ id: 'k', hash, ending: 'wxyz', rights: {}, createdAt: 1 })
assert.equal((await keys.byHash(hash))[0]?.id, 'k')
await keys.close()
rmSync(folder, { recursive: true })
