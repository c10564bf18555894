import { Secret } from '@dragoman/core'
import { expect, test } from 'vitest'
import type { CredentialSource as Source } from './credential-source.ts'
import { aborted, awaited, failed, idsOf, leased, ok, poolOf, refusalOf, source } from './test-pool.ts'

test('the one with the fewest leases is next, of these the one that was used longest ago', () => {
  const { pool } = poolOf(3)
  const [first, second] = [leased(pool), leased(pool)]
  expect([first, second].map(({ credential }) => credential.id)).toEqual(['zai:1', 'zai:2'])
  expect(idsOf(pool, 1)).toEqual(['zai:3'])
  second.settle(ok)
  first.settle(ok)
  expect(idsOf(pool, 3)).toEqual(['zai:1', 'zai:2', 'zai:3'])
})

test('round-robin goes round, whatever is in flight', () => {
  const { pool } = poolOf(3, { strategy: 'round-robin' })
  leased(pool).settle(ok)
  expect(idsOf(pool, 5)).toEqual(['zai:2', 'zai:3', 'zai:1', 'zai:2', 'zai:3'])
})

test('weighted gives each its part, and one that was away no more than that', () => {
  const credentials = [source('a', { weight: 3 }), source('b', { weight: 1 })]
  const { pool } = poolOf(0, { strategy: 'weighted', credentials })
  const parts = () => {
    const ids = idsOf(pool, 400)
    return ['zai:1', 'zai:2'].map((id) => ids.filter((each) => each === id).length)
  }
  expect(parts()).toEqual([300, 100])
  pool.disable('zai:1')
  expect(parts()).toEqual([0, 400])
  pool.enable('zai:1')
  const [more = 0, less = 0] = parts()
  expect(more).toBeGreaterThanOrEqual(299)
  expect(less).toBeGreaterThanOrEqual(99)
})

test('a lease that is settled twice counts once', () => {
  const { pool } = poolOf(1)
  const lease = leased(pool)
  lease.settle(ok)
  lease.settle(failed('credential_disabled'))
  leased(pool)
  expect(pool.stats()).toMatchObject({ inFlight: 1, credentials: [{ state: 'ready', successes: 1, failures: 0 }] })
})

test('equal values are one credential, whatever their order, and the first place counts', () => {
  const [a, b] = [new Secret('a'), new Secret('b')]
  const { pool } = poolOf(0, {
    credentials: [
      { values: { user: a, key: b }, from: 'first' },
      { values: { key: new Secret('b'), user: new Secret('a') }, from: 'second' },
      { values: { user: b, key: a }, from: 'third' },
    ],
  })
  expect(pool.status().map(({ id, from }) => [id, from])).toEqual([
    ['zai:1', 'first'],
    ['zai:2', 'third'],
  ])
})

test('set keeps what is known of those that stay or come back, and their ids', () => {
  const { pool, events } = poolOf(2)
  leased(pool).settle(failed('credential_exhausted'))
  const running = leased(pool)
  expect(pool.set([source('3'), source('2', { name: 'mine', from: 'a:1' })])).toEqual({
    added: ['zai:3'],
    removed: ['zai:1'],
  })
  expect(pool.size).toBe(2)
  expect(pool.status()).toMatchObject([{ id: 'zai:2', name: 'mine', inFlight: 1 }, { id: 'zai:3' }])
  expect(pool.add([source('1'), source('1'), source('2', { name: 'not mine' })])).toEqual(['zai:1'])
  running.settle(ok)
  expect(pool.status()).toMatchObject([
    { id: 'zai:2', name: 'mine', successes: 1, inFlight: 0 },
    { id: 'zai:3' },
    { id: 'zai:1', state: 'cooling', failures: 1 },
  ])
  const listing = events.filter(({ type }) => type === 'added' || type === 'removed')
  expect(listing.map((event) => `${event.type} ${'id' in event && event.id}`)).toEqual([
    'added zai:3',
    'removed zai:1',
    'added zai:1',
  ])
})

test('a lease of a credential that was removed may still be settled', () => {
  const { pool } = poolOf(2)
  const lease = leased(pool)
  expect(pool.remove('zai:1')).toBe(true)
  expect(idsOf(pool, 2)).toEqual(['zai:2', 'zai:2'])
  lease.settle(failed('credential_exhausted'))
  expect(pool.stats()).toMatchObject({ total: 1, inFlight: 2 })
  pool.add([source('1')])
  expect(pool.status()).toMatchObject([{ id: 'zai:2' }, { id: 'zai:1', inFlight: 0, state: 'cooling' }])
})

test('a lease that outlives its credential takes nothing from the one that came in its place', () => {
  const [a, x, y, b] = ['a', 'x', 'y', 'b'].map((name) => source(name)) as [Source, Source, Source, Source]
  const { pool } = poolOf(0, { credentials: [a, x, y] })
  const outliving = leased(pool)
  pool.set([x, y])
  pool.set([x, y, b])
  for (let at = 0; at < 2; at++) leased(pool).settle(ok)
  outliving.settle(ok)
  expect(idsOf(pool, 3).sort()).toEqual(['zai:2', 'zai:3', 'zai:4'])
  for (const id of ['zai:2', 'zai:3']) pool.disable(id)
  expect(idsOf(pool, 1)).toEqual(['zai:4'])
})

test('a probe that is confirmed lets the others on while it lasts', async () => {
  const { pool, clock, events } = poolOf(1, { maxConcurrent: 2 })
  leased(pool).settle(failed('credential_rejected'))
  await clock.advance(30_000)
  const probe = leased(pool)
  expect(refusalOf(pool).message).toContain('is being tried')
  probe.confirm?.()
  expect(pool.status()).toMatchObject([{ state: 'ready', inFlight: 1, successes: 0, consecutiveFailures: 0 }])
  leased(pool).settle(ok)
  probe.confirm?.()
  probe.settle(ok)
  expect(pool.status()).toMatchObject([{ inFlight: 0, successes: 2 }])
  expect(events.map(({ type }) => type)).toEqual(['cooling', 'recovered'])

  // What went wrong since is not undone by it, nor by a confirmation that comes late.
  const late = leased(pool)
  leased(pool).settle(failed('credential_rejected'))
  late.confirm?.()
  late.settle(aborted)
  late.confirm?.()
  expect(pool.status()).toMatchObject([{ state: 'cooling', inFlight: 0 }])
})

test('a confirmed probe serves whoever waits for another credential', async () => {
  const { pool, clock } = poolOf(2, { maxConcurrent: 2 })
  leased(pool).settle(failed('credential_rejected'))
  idsOf(pool, 2)
  await clock.advance(30_000)
  const probe = leased(pool)
  const waiting = awaited(pool)
  probe.confirm?.()
  expect((await waiting).credential.id).toBe('zai:1')
})

test('an id that is not listed is no error', async () => {
  const { pool } = poolOf(1)
  expect([pool.remove('no'), pool.enable('no'), pool.disable('no'), pool.reset('no')]).toEqual(Array(4).fill(false))
  expect(await pool.refresh('no')).toEqual([])
})

test('what is disabled by hand stays so until it is enabled', async () => {
  const { pool, clock } = poolOf(1)
  expect(pool.disable('zai:1', 'on holiday')).toBe(true)
  await clock.advance(1e9)
  expect(pool.status()).toMatchObject([{ state: 'disabled', reason: 'on holiday' }])
  expect(refusalOf(pool)).toMatchObject({
    code: 'no_credential',
    message: 'zai has no usable credential: zai:1 is disabled',
    retryAfterMs: undefined,
  })
  expect(pool.enable('zai:1')).toBe(true)
  expect(idsOf(pool, 1)).toEqual(['zai:1'])
})

test('a reset ends cooldowns and what disabled it; the other counters stay', () => {
  const { pool } = poolOf(2)
  leased(pool, { model: 'm' }).settle(failed('rate_limited', 60_000))
  leased(pool, { model: 'm' }).settle(failed('credential_disabled'))
  expect(pool.reset('zai:1')).toBe(true)
  expect(idsOf(pool, 1, { model: 'm' })).toEqual(['zai:1'])
  pool.resetAll()
  expect(pool.stats()).toMatchObject({ available: 2, disabled: 0, cooling: 0 })
  expect(pool.status()).toMatchObject([{ failures: 1, consecutiveFailures: 0, models: [] }, { failures: 1 }])
})

test('counters of failures in a row can be cleared without ending a cooldown', () => {
  const { pool } = poolOf(1)
  leased(pool).settle(failed('credential_rejected'))
  expect(pool.stats().consecutiveAuthFailures).toBe(1)
  pool.resetCounters()
  expect(pool.stats()).toMatchObject({
    consecutiveAuthFailures: 0,
    credentials: [{ state: 'cooling', consecutiveFailures: 0 }],
  })
})

test('an abort cools nothing, nor does what the upstream or the caller did wrong', () => {
  const { pool, events } = poolOf(1)
  for (const end of [aborted, failed('upstream_unavailable'), failed('invalid_request'), failed('aborted')]) {
    leased(pool).settle(end)
  }
  expect(pool.status()).toMatchObject([{ state: 'ready', failures: 0, successes: 0 }])
  expect(events).toEqual([])
})

test('a captcha disables, and says that a person has to look', () => {
  const { pool } = poolOf(1)
  leased(pool).settle(failed('upstream_challenge'))
  expect(pool.status()).toMatchObject([{ state: 'disabled', reason: 'asked for a captcha, a person has to look: no' }])
})

test('a cooldown of one model leaves the credential to the others', () => {
  const { pool, clock } = poolOf(1)
  leased(pool, { model: 'a' }).settle(failed('rate_limited', 5_000))
  expect(refusalOf(pool, { model: 'a' }).code).toBe('rate_limit_exceeded')
  expect(idsOf(pool, 1, { model: 'b' })).toEqual(['zai:1'])
  expect(pool.status()).toMatchObject([
    { state: 'ready', models: [{ model: 'a', until: clock.now() + 5_000, isProbing: false }] },
  ])
})

test('one lease probes, the others go elsewhere or are told so', async () => {
  const { pool, clock, events } = poolOf(2)
  leased(pool).settle(failed('credential_exhausted'))
  leased(pool).settle(ok)
  await clock.advance(60_000)
  const probe = leased(pool)
  expect(probe.credential.id).toBe('zai:1')
  expect(pool.status()).toMatchObject([{ state: 'cooling', isProbing: true }, {}])
  expect(idsOf(pool, 2)).toEqual(['zai:2', 'zai:2'])
  pool.disable('zai:2')
  expect(refusalOf(pool)).toMatchObject({
    message: 'zai has no usable credential: zai:1 was out of quota and is being tried, zai:2 is disabled',
    retryAfterMs: 1_000,
  })
  probe.settle(ok)
  expect(pool.status()).toMatchObject([{ state: 'ready', isProbing: false }, {}])
  expect(events.map(({ type }) => type)).toEqual(['cooling', 'disabled', 'recovered'])
})

test.each([
  ['all are rate-limited', 'rate_limited', 'rate_limited', 'rate_limit_exceeded'],
  ['all are out of quota', 'credential_exhausted', 'credential_exhausted', 'insufficient_quota'],
  ['reasons differ', 'rate_limited', 'credential_exhausted', 'no_credential'],
  ['one is disabled', 'rate_limited', 'credential_disabled', 'no_credential'],
] as const)('where %s (%s, %s) the error is %s', (_, one, other, code) => {
  const { pool } = poolOf(2)
  leased(pool, { model: 'm' }).settle(failed(one, 9_000))
  leased(pool, { model: 'm' }).settle(failed(other, 9_000))
  expect(refusalOf(pool, { model: 'm' })).toMatchObject({ code, retryAfterMs: 9_000 })
})

test('a refusal names at most five, until when, and asks for the earliest time', () => {
  const { pool } = poolOf(7)
  for (let at = 1; at <= 7; at++) leased(pool, { model: 'm' }).settle(failed('rate_limited', 10_000 - at * 1_000))
  const { message, retryAfterMs } = refusalOf(pool, { model: 'm' })
  expect(message).toBe(
    'zai has no usable credential: zai:1 is rate-limited until 2026-01-01T00:00:09Z, ' +
      'zai:2 is rate-limited until 2026-01-01T00:00:08Z, zai:3 is rate-limited until 2026-01-01T00:00:07Z, ' +
      'zai:4 is rate-limited until 2026-01-01T00:00:06Z, zai:5 is rate-limited until 2026-01-01T00:00:05Z and 2 more',
  )
  expect(retryAfterMs).toBe(3_000)
})

test('an empty pool says so', () => {
  expect(refusalOf(poolOf(0).pool)).toMatchObject({ code: 'no_credential', message: 'zai has no credential' })
})

test('what the caller excludes is not leased, and when all are excluded it is told', () => {
  const { pool } = poolOf(2)
  const [one, two] = [leased(pool), leased(pool)]
  expect(idsOf(pool, 2, { exclude: new Set([one.credential]) })).toEqual(['zai:2', 'zai:2'])
  const exclude = new Set([one.credential, two.credential])
  expect(refusalOf(pool, { exclude })).toMatchObject({ message: 'Every credential has been tried' })
  one.settle(failed('rate_limited', 1_000))
  two.settle(failed('rate_limited', 2_000))
  expect(refusalOf(pool, { exclude }).code).toBe('rate_limit_exceeded')
})

test('no value of a credential gets into a status, an event or an error', () => {
  const { pool, events } = poolOf(1)
  const key = 'sk-key-of-many-characters-1'
  leased(pool).settle(failed('credential_disabled', undefined, `Incorrect API key provided: ${key}. Ask us.`))
  const shown = JSON.stringify([pool.stats(), events, refusalOf(pool).message])
  expect(shown).not.toContain(key)
  expect(pool.status()[0]?.reason).toBe('banned or closed: Incorrect API key provided: [secret]. Ask us.')
})

test('short values are hidden where they stand alone', () => {
  const values = { user: new Secret('bob'), pin: new Secret('83415'), sign: new Secret('a-b*') }
  const { pool } = poolOf(0, { credentials: [{ values }] })
  leased(pool).settle(
    failed('credential_exhausted', undefined, 'pin 83415 (a-b*) of bob: 834156 is no pin, nor is axbb'),
  )
  expect(pool.status()[0]?.reason).toBe('out of quota: pin [secret] ([secret]) of bob: 834156 is no pin, nor is axbb')
})

test('clients are told that a credential is disabled, not what the operator wrote about it', async () => {
  const { pool } = poolOf(2)
  pool.disable('zai:1', 'Jane pays for this one')
  leased(pool).settle(failed('credential_disabled', undefined, 'closed on Monday'))
  expect(refusalOf(pool).message).toBe(
    'zai has no usable credential: zai:1 is disabled, zai:2 is disabled (banned or closed)',
  )
  expect(pool.status()[0]?.reason).toBe('Jane pays for this one')
})

test('available are those that could serve now, or be signed in at once', async () => {
  const { pool, clock } = poolOf(4, { maxConcurrent: 1 })
  expect(pool.stats()).toMatchObject({ available: 4, restingForModels: 0 })
  leased(pool, { model: 'm' }).settle(failed('rate_limited', 60_000))
  expect(pool.stats()).toMatchObject({ available: 4, restingForModels: 1, cooling: 0 })
  leased(pool)
  leased(pool).settle(failed('credential_rejected'))
  pool.disable('zai:4')
  expect(pool.stats()).toMatchObject({ available: 1, restingForModels: 1, cooling: 1, disabled: 1 })
  await clock.advance(60_000)
  expect(pool.stats()).toMatchObject({ available: 2, restingForModels: 0, cooling: 0 })

  const signingIn = poolOf(2, { acquire: () => new Promise(() => {}) }).pool
  expect(signingIn.stats().available).toBe(2)
  awaited(signingIn).catch(() => {})
  expect(signingIn.stats().available).toBe(1)
  signingIn.close()
})

test('a listener that throws harms nobody, and one that leases gets what is true now', () => {
  const got: string[] = []
  const { pool } = poolOf(2, {
    onEvent: () => {
      got.push(...idsOf(pool, 1, { model: 'm' }))
      throw new Error('no log')
    },
  })
  leased(pool, { model: 'm' }).settle(failed('rate_limited', 1_000))
  expect(got).toEqual(['zai:2'])
  expect(pool.status()).toMatchObject([{ inFlight: 0, models: [{ model: 'm' }] }, { inFlight: 1 }])
})

test('a thousand models that rest do not mix up who is free for which', () => {
  const { pool } = poolOf(3)
  for (let at = 0; at < 1_000; at++) {
    const model = `m${at}`
    const lease = leased(pool, { model })
    lease.settle(failed('rate_limited', 60_000))
    expect(new Set(idsOf(pool, 4, { model })).has(lease.credential.id)).toBe(false)
    for (const { id } of pool.status()) leased(pool).settle(id === 'zai:1' ? ok : aborted)
  }
})

test('after close nobody gets a lease, and leases that run may be settled', () => {
  const { pool, clock } = poolOf(1)
  const lease = leased(pool)
  pool.close()
  expect(refusalOf(pool)).toMatchObject({ code: 'no_credential', message: 'zai is closed' })
  lease.settle(ok)
  expect(pool.stats().inFlight).toBe(0)
  expect(clock.pending).toBe(0)
})

test('a signal that has tripped before gets its reason', () => {
  const { pool } = poolOf(1)
  const reason = new Error('left')
  expect(() => pool.lease({ signal: AbortSignal.abort(reason) })).toThrow(reason)
  expect(pool.stats().inFlight).toBe(0)
})
