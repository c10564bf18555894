import { type Credential, DragomanError, Secret } from '@dragoman/core'
import { gate, type HandClock, handClock } from '@dragoman/testkit'
import { TokenPool, type TokenPoolOptions } from '@dragoman/token-pool'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkCredentials } from './check-credentials.ts'

const pools: TokenPool[] = []
let clock: HandClock
beforeEach(() => {
  clock = handClock()
})
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close()
})

function poolOf(names: readonly string[], options: Partial<TokenPoolOptions> = {}): TokenPool {
  const credentials = names.map((name) => ({ values: { token: new Secret(name) } }))
  const pool = new TokenPool({ name: 'acme', credentials, clock, random: () => 0, ...options })
  pools.push(pool)
  return pool
}

const tokenOf = ({ values }: Credential) => values.token?.reveal() ?? ''
const states = (pool: TokenPool) => pool.status().map(({ id, state, inFlight }) => [id, state, inFlight])

test('each is asked about once, and what the service says of it counts as in a call', async () => {
  const pool = poolOf(['good', 'dead', 'captcha', 'unclear', 'also-good'])
  const asked: string[] = []
  const checked = await checkCredentials({
    pool,
    clock,
    async probe(credential) {
      const token = tokenOf(credential)
      asked.push(token)
      if (token === 'unclear') throw new DragomanError('upstream_unavailable', 'down')
      return token === 'dead' ? 'rejected' : token === 'captcha' ? 'challenged' : 'ok'
    },
  })
  expect(checked).toEqual([
    { id: 'acme:1', outcome: 'ok' },
    { id: 'acme:2', outcome: 'rejected' },
    { id: 'acme:3', outcome: 'challenged' },
    { id: 'acme:4', outcome: 'unknown', error: 'upstream_unavailable' },
    { id: 'acme:5', outcome: 'ok' },
  ])
  expect(asked.sort()).toEqual(['also-good', 'captcha', 'dead', 'good', 'unclear'])
  expect(states(pool)).toEqual([
    ['acme:1', 'ready', 0],
    ['acme:2', 'cooling', 0],
    ['acme:3', 'disabled', 0],
    ['acme:4', 'ready', 0],
    ['acme:5', 'ready', 0],
  ])
})

test('what rests or is disabled is not asked about', async () => {
  const pool = poolOf(['one', 'two', 'three'])
  pool.disable('acme:1')
  const lease = await pool.lease({ signal: new AbortController().signal })
  lease.settle({ kind: 'failed', error: new DragomanError('credential_exhausted', 'no money') })
  const checked = await checkCredentials({ pool, clock, probe: async () => 'ok' })
  expect(checked.map(({ id }) => id)).toEqual(['acme:3'])
})

test('an account signs in to be asked about, and a session that is refused is renewed and asked about again', async () => {
  let sessions = 0
  const pool = poolOf(['jane'], {
    acquire: async ({ id }) => ({ id, values: { token: new Secret(`session ${++sessions}`) } }),
  })
  const asked: string[] = []
  const checked = await checkCredentials({
    pool,
    clock,
    async probe(credential) {
      asked.push(tokenOf(credential))
      return asked.length === 1 ? 'rejected' : 'ok'
    },
  })
  expect(asked).toEqual(['session 1', 'session 2'])
  expect(checked).toEqual([{ id: 'acme:1', outcome: 'ok' }])
})

test('a service that takes no session ends in a rest, not in a loop of sign-ins', async () => {
  let sessions = 0
  const pool = poolOf(['jane'], {
    acquire: async ({ id }) => ({ id, values: { token: new Secret(`session ${++sessions}`) } }),
  })
  const checked = await checkCredentials({ pool, clock, probe: async () => 'rejected' })
  expect(checked).toEqual([{ id: 'acme:1', outcome: 'rejected' }])
  expect(sessions).toBe(2)
  expect(states(pool)).toEqual([['acme:1', 'cooling', 0]])
})

test('eight are asked about at the same time, and all of many', async () => {
  const pool = poolOf(Array.from({ length: 20 }, (_, index) => `token-${index}`))
  const release = gate()
  let running = 0
  let most = 0
  const check = checkCredentials({
    pool,
    clock,
    async probe() {
      most = Math.max(most, ++running)
      if (running === 8) release.open()
      await release.opened
      running--
      return 'ok'
    },
  })
  expect(await check).toHaveLength(20)
  expect(most).toBe(8)
})

test('a service that does not answer is left after half a minute', async () => {
  const pool = poolOf(['one'])
  let signal: AbortSignal | undefined
  const check = checkCredentials({
    pool,
    clock,
    probe(_credential, given) {
      signal = given
      return new Promise(() => {})
    },
  })
  await clock.armed(30_000)
  await clock.advance(30_000)
  expect(await check).toEqual([{ id: 'acme:1', outcome: 'unknown', error: 'upstream_timeout' }])
  expect(signal?.aborted).toBe(true)
  expect(states(pool)).toEqual([['acme:1', 'ready', 0]])
  expect(clock.pending).toBe(0)
})
