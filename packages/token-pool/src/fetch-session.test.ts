import type { Lease, LeaseOptions } from '@dragoman/core'
import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { fingerprint, sessionKey } from './fingerprint.ts'
import { memoryVault } from './memory-vault.ts'
import type { TokenPool } from './pool.ts'
import type { TokenPoolOptions } from './pool-options.ts'
import type { SessionVault } from './session-vault.ts'
import { failed, fakeSignIn, ok, poolOf, revealed, source, type TestPool, turn } from './test-pool.ts'

const HOUR = 3_600_000
const clock = () => handClock()

type Process = TestPool & { readonly signIn: ReturnType<typeof fakeSignIn> }

/** Two of them on one vault are two processes. */
function started(options: Partial<TokenPoolOptions>): Process {
  const signIn = fakeSignIn()
  return { ...poolOf(1, { acquire: signIn.acquire, ...options }), signIn }
}

async function lease(pool: TokenPool, options: Partial<LeaseOptions> = {}): Promise<Lease> {
  return pool.lease({ signal: new AbortController().signal, ...options })
}

/** A hash takes real time. */
async function called({ signIn }: Process, calls: number): Promise<void> {
  while (signIn.calls.length < calls) await turn()
}

async function idle({ pool }: Process): Promise<void> {
  while (pool.stats().refresh.running > 0) await turn()
}

async function tokenOf(granted: Promise<Lease>): Promise<string | undefined> {
  return revealed((await granted).credential).token
}

/** A vault that tells what is asked of it. */
function watched(vault: SessionVault, log: string[]): SessionVault {
  const tell = <T>(what: string, action: () => T): T => {
    log.push(what)
    return action()
  }
  return {
    load: (key) => tell('load', () => vault.load(key)),
    save: (key, session) => tell(`save ${session.values.token}`, () => vault.save(key, session)),
    delete: (key) => vault.delete(key),
    async lock(key, ttlMs) {
      const unlock = await tell(`lock ${ttlMs}`, () => vault.lock(key, ttlMs))
      return unlock && (() => tell('unlock', unlock))
    },
  }
}

test('a session is stored before it is used, and under the lock', async () => {
  const log: string[] = []
  const vault = memoryVault()
  let store = () => {}
  const slow: SessionVault = {
    ...vault,
    save: async (key, session) => {
      await new Promise<void>((resolve) => {
        store = resolve
      })
      log.push('saved')
      await vault.save(key, session)
    },
  }
  const one = started({ vault: watched(slow, log), acquireTimeoutMs: 10_000 })
  const granted = lease(one.pool).then(() => log.push('used'))
  await called(one, 1)
  log.push('signs in')
  await one.signIn.resolve()
  expect(log).toEqual(['load', 'lock 40000', 'load', 'signs in', 'save session-1'])
  store()
  await granted
  expect(log.slice(5)).toEqual(['saved', 'unlock', 'used'])
})

test('sessions survive a restart, and are looked for when they are needed', async () => {
  const vault = memoryVault()
  const before = started({ vault })
  const first = lease(before.pool)
  await called(before, 1)
  await before.signIn.resolve({ token: 'stored', expiresAt: before.clock.now() + HOUR })
  ;(await first).settle(ok)

  const log: string[] = []
  const after = started({ vault: watched(vault, log) })
  expect(log).toEqual([])
  expect(await tokenOf(lease(after.pool))).toBe('stored')
  expect(after.signIn.calls).toEqual([])
  expect(after.events).toEqual([{ type: 'session-taken', id: 'zai:1' }])
  expect(after.pool.status()).toMatchObject([{ expiresAt: after.clock.now() + HOUR }])
})

test('a stored session that has expired is where the renewal starts from', async () => {
  const vault = memoryVault()
  const before = started({ vault })
  const first = lease(before.pool)
  await called(before, 1)
  await before.signIn.resolve({ token: 'rotated', expiresAt: before.clock.now() + HOUR })
  await first

  const after = started({ vault })
  await after.clock.advance(2 * HOUR)
  const granted = lease(after.pool)
  await called(after, 1)
  expect(after.signIn.calls[0]?.values).toMatchObject({ token: 'rotated' })
  await after.signIn.resolve({ token: 'new' })
  expect(await tokenOf(granted)).toBe('new')
})

test('of two processes one renews, and the other takes what it got', async () => {
  const [vault, time] = [memoryVault(), clock()]
  const one = started({ vault, clock: time })
  const two = started({ vault, clock: time })
  const granted = [lease(one.pool)]
  await called(one, 1)
  granted.push(lease(two.pool))
  await time.armed(250)
  await time.advance(250)
  await one.signIn.resolve({ token: 'shared' })
  await time.advance(250)
  expect(await Promise.all(granted.map(tokenOf))).toEqual(['shared', 'shared'])
  expect(two.signIn.calls).toEqual([])

  // And again, when it is rejected in both.
  const leases = await Promise.all([lease(one.pool), lease(two.pool)])
  for (const each of leases) each.settle(failed('credential_rejected'))
  const again = [lease(one.pool), lease(two.pool)]
  await called(one, 2)
  await one.signIn.resolve({ token: 'newer' })
  await time.advance(250)
  expect(await Promise.all(again.map(tokenOf))).toEqual(['newer', 'newer'])
  expect(two.signIn.calls).toEqual([])
  expect(two.events.map(({ type }) => type)).toEqual(['session-taken', 'session-taken'])
})

test('what another process stored since is taken in place of renewing, unless it is what was rejected', async () => {
  const vault = memoryVault()
  const one = started({ vault })
  const first = lease(one.pool)
  await called(one, 1)
  await one.signIn.resolve({ token: 'old' })
  await first
  const two = started({ vault })
  const stored = await lease(two.pool)
  expect(revealed(stored.credential)).toEqual({ token: 'old' })

  const renewed = one.pool.refresh()
  await called(one, 2)
  await one.signIn.resolve({ token: 'new' })
  await renewed
  stored.settle(failed('credential_rejected'))
  expect(await tokenOf(lease(two.pool))).toBe('new')
  expect(two.signIn.calls).toEqual([])

  ;(await lease(two.pool)).settle(ok)
  await two.clock.advance(60_000)
  ;(await lease(two.pool)).settle(failed('credential_rejected'))
  const granted = lease(two.pool)
  await called(two, 1)
  expect(two.signIn.calls[0]?.values).toMatchObject({ token: 'new' })
  await two.signIn.resolve({ token: 'newest' })
  expect(await tokenOf(granted)).toBe('newest')
})

test('a wall clock that was set back hides nothing that another process stored', async () => {
  const vault = memoryVault()
  const one = started({ vault })
  const first = lease(one.pool)
  await called(one, 1)
  await one.signIn.resolve({ token: 'old' })
  await first
  const two = started({ vault })
  const stored = await lease(two.pool)

  one.clock.jump(-HOUR)
  const renewed = one.pool.refresh()
  await called(one, 2)
  await one.signIn.resolve({ token: 'new' })
  await renewed
  stored.settle(failed('credential_rejected'))
  expect(await tokenOf(lease(two.pool))).toBe('new')
})

test('a vault that cannot save is told of, and the session is used', async () => {
  const vault: SessionVault = { ...memoryVault(), save: () => Promise.reject(new Error('vault.json: no space left')) }
  const one = started({ vault })
  const granted = lease(one.pool)
  await called(one, 1)
  await one.signIn.resolve({ token: 't' })
  expect(await tokenOf(granted)).toBe('t')
  expect(one.events).toMatchObject([
    { type: 'not-stored', id: 'zai:1', reason: 'vault.json: no space left' },
    { type: 'refreshed' },
  ])
})

test('a vault that can do nothing at all keeps nobody from signing in', async () => {
  const broken = () => Promise.reject(new Error('vault.json is damaged'))
  const one = started({ vault: { load: broken, save: broken, delete: broken, lock: broken } })
  const granted = lease(one.pool)
  await called(one, 1)
  await one.signIn.resolve({ token: 't' })
  expect(await tokenOf(granted)).toBe('t')
  expect(one.events.map(({ type }) => type)).toContain('not-stored')
})

test('what was not stored is newer than what was: the old one does not come back', async () => {
  const vault = memoryVault()
  let canSave = true
  const one = started({
    vault: {
      ...vault,
      save: (key, session) => (canSave ? vault.save(key, session) : Promise.reject(new Error('full'))),
    },
  })
  const first = lease(one.pool)
  await called(one, 1)
  await one.signIn.resolve({ token: 'old' })
  await first
  canSave = false
  for (const token of ['newer', 'newest']) {
    const renewed = one.pool.refresh()
    await called(one, token === 'newer' ? 2 : 3)
    await one.signIn.resolve({ token })
    await renewed
    expect(await tokenOf(lease(one.pool))).toBe(token)
  }
  expect(one.signIn.calls[2]?.values).toMatchObject({ token: 'newer' })
})

test('a lock that is never given back ends the wait by its time; the next try gets it', async () => {
  const time = clock()
  const vault = memoryVault({ clock: time })
  const one = started({ vault, clock: time, acquireTimeoutMs: 10_000, waitMs: HOUR })
  const key = await sessionKey('zai', fingerprint(source('1').values))
  await vault.lock(`session:${key}`, 12_000)
  const waiting = expect(lease(one.pool)).rejects.toMatchObject({ code: 'no_credential' })
  await time.armed(250)
  await time.advance(10_000)
  await waiting
  expect(one.signIn.calls).toEqual([])
  await time.advance(5_000)
  const granted = lease(one.pool)
  await called(one, 1)
  await one.signIn.resolve({ token: 't' })
  expect(await tokenOf(granted)).toBe('t')
  await idle(one)
  expect(await vault.lock(`session:${key}`, 1)).toBeDefined()
})

test('a lock may come from elsewhere, without a vault', async () => {
  const [locks, time] = [memoryVault(), clock()]
  const one = started({ lock: locks.lock, clock: time })
  const two = started({ lock: locks.lock, clock: time })
  const granted = [lease(one.pool)]
  await called(one, 1)
  granted.push(lease(two.pool))
  await time.armed(250)
  expect(two.signIn.calls).toEqual([])
  await one.signIn.resolve({ token: 'of one' })
  await time.advance(250)
  await called(two, 1)
  await two.signIn.resolve({ token: 'of two' })
  expect(await Promise.all(granted.map(tokenOf))).toEqual(['of one', 'of two'])
})

test('keys are hashes: no value of a credential, and another one for another pool', async () => {
  const keys = new Set<string>()
  for (const name of ['zai', 'qwen']) {
    const vault: SessionVault = { ...memoryVault(), load: async (key) => void keys.add(key) }
    const one = started({ vault, name })
    const granted = lease(one.pool)
    await called(one, 1)
    await one.signIn.resolve()
    await granted
  }
  expect([...keys]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)])
})

test('closing while a lock is waited for leaves no timer, and a lock that comes late is given back', async () => {
  const log: string[] = []
  let grant: ((unlock: () => Promise<void>) => void) | undefined
  const one = started({ lock: () => new Promise((resolve) => (grant = resolve)) })
  const refused = expect(lease(one.pool)).rejects.toMatchObject({ message: 'zai is closed' })
  while (!grant) await turn()
  one.pool.close()
  await refused
  grant(async () => void log.push('unlocked'))
  await turn()
  expect(log).toEqual(['unlocked'])
  expect(one.clock.pending).toBe(0)
})

test('closing waits until what a service has answered is stored and the lock given back', async () => {
  const log: string[] = []
  let stored: (() => void) | undefined
  const vault: SessionVault = {
    ...memoryVault(),
    save: (_, { values }) => new Promise((resolve) => (stored = () => resolve(void log.push(`saved ${values.token}`)))),
    lock: async () => async () => void log.push('unlocked'),
  }
  const one = started({ vault })
  const refused = expect(lease(one.pool)).rejects.toMatchObject({ message: 'zai is closed' })
  await called(one, 1)
  await one.signIn.resolve({ token: 'rotated' })
  const closed = one.pool.close().then(() => log.push('closed'))
  await refused
  await turn()
  expect(log).toEqual([])
  stored?.()
  await closed
  expect(log).toEqual(['saved rotated', 'unlocked', 'closed'])
  expect(one.events.map(({ type }) => type)).toEqual(['refreshed'])
  expect(one.clock.pending).toBe(0)
})

test('what a person removes leaves the vault, what leaves the list does not', async () => {
  const vault = memoryVault()
  const key = await sessionKey('zai', fingerprint(source('1').values))
  const one = started({ vault })
  const signedIn = async (token: string) => {
    const granted = lease(one.pool)
    await called(one, one.signIn.calls.length + 1)
    await one.signIn.resolve({ token })
    return granted
  }
  await signedIn('first')
  one.pool.set([])
  one.pool.set([source('1')])
  expect(await vault.load(key)).toMatchObject({ values: { token: 'first' } })

  // Also what is being stored just then.
  const renewed = one.pool.refresh()
  await called(one, 2)
  one.pool.remove('zai:1')
  await one.signIn.resolve({ token: 'second' })
  await renewed
  await one.pool.close()
  expect(await vault.load(key)).toBeUndefined()
})

test('an answer that comes at the moment of closing is stored', async () => {
  const vault = memoryVault()
  const one = started({ vault })
  lease(one.pool).catch(() => {})
  await called(one, 1)
  one.signIn.resolve({ token: 'rotated' })
  await one.pool.close()
  expect(await vault.load(await sessionKey('zai', fingerprint(source('1').values)))).toMatchObject({
    values: { token: 'rotated' },
  })
})

test('closing does not wait for a service', async () => {
  const one = started({ vault: memoryVault() })
  lease(one.pool).catch(() => {})
  await called(one, 1)
  await one.pool.close()
  expect(one.signIn.calls[0]?.signal.aborted).toBe(true)
  await one.pool.close()
})

test('a vault that fails in the middle of a renewal is told of, and the renewal goes on', async () => {
  let loads = 0
  const vault = memoryVault()
  const one = started({
    vault: { ...vault, load: (key) => (++loads === 2 ? Promise.reject(new Error('busy')) : vault.load(key)) },
  })
  const granted = lease(one.pool)
  await called(one, 1)
  await one.signIn.resolve({ token: 't' })
  expect(await tokenOf(granted)).toBe('t')
  expect(one.events).toMatchObject([{ type: 'not-stored', reason: 'busy' }, { type: 'refreshed' }])
})
