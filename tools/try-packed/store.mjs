import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteState } from '@dragoman/store/sqlite'

const folder = mkdtempSync(join(tmpdir(), 'store-'))
const path = join(folder, 'state.db')
const first = sqliteState({ path })
await first.set('greeting', 'hello', { ttlMs: 60_000 })
await first.close()
const second = sqliteState({ path })
assert.equal(await second.get('greeting'), 'hello')
await second.close()
rmSync(folder, { recursive: true })
