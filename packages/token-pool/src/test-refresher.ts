/*
 * A process with a pool of one account on a shared vault, for tests of what two of them do:
 *
 *     node -C dragoman-source test-refresher.ts <directory> <origin>
 *
 * Takes commands by lines: `lease` says the token of the lease, or why there is no token; `refused` settles the leases as an
 * upstream's 401 would. It also says when it gets the vault's lock and when it has to wait for it.
 */
import { createInterface } from 'node:readline'
import { DragomanError, type Lease, Secret } from '@dragoman/core'
import { openVault, vaultKey } from './files.ts'
import { type SessionVault, TokenPool } from './index.ts'

const [directory = '', origin = ''] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)
const input = createInterface({ input: process.stdin })

const file = await openVault({ directory, name: 'zai', key: vaultKey('0'.repeat(64)) })
const vault: SessionVault = {
  load: (key) => file.load(key),
  save: (key, session) => file.save(key, session),
  delete: (key) => file.delete(key),
  async lock(key, ttlMs) {
    const unlock = await file.lock(key, ttlMs)
    say(unlock ? 'locked' : 'waits')
    return unlock
  },
}

const pool = new TokenPool({
  name: 'zai',
  vault,
  credentials: [{ values: { email: new Secret('a@example.com'), password: new Secret('first') } }],
  async acquire({ values }, { signal }) {
    const body = JSON.stringify(
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.reveal()])),
    )
    const response = await fetch(`${origin}/sign-in`, { method: 'POST', body, signal })
    if (!response.ok) throw new DragomanError('credential_rejected', `Signing in was refused (${response.status})`)
    const { token, refresh } = (await response.json()) as { token: string; refresh: string }
    return { id: '', values: { token: new Secret(token), refresh: new Secret(refresh) } }
  },
  onEvent: (event) => say(JSON.stringify(event)),
})

const leases: Lease[] = []
const { signal } = new AbortController()
const commands: Record<string, () => Promise<void>> = {
  async lease() {
    const lease = await pool.lease({ signal })
    leases.push(lease)
    say(`token: ${lease.credential.values.token?.reveal()}`)
  },
  async refused() {
    const error = new DragomanError('credential_rejected', 'The token is not valid any more')
    for (const lease of leases.splice(0)) lease.settle({ kind: 'failed', error })
  },
}

input.on('line', (line) => {
  commands[line]?.().catch((error: unknown) => say(`token: none, ${error}`))
})
say('ready')
