import { createHash } from 'node:crypto'
import type { LogEntry, LogFilter, LogStore } from '@dragoman/core'
import { describe, expect, test } from 'vitest'
import { type HandClock, handClock } from './clock.ts'

/** One request of `client` to a model, that went well, unless `change` says otherwise. */
export function logEntry(change: Partial<LogEntry> & { readonly provider?: string } = {}): LogEntry {
  const { provider = 'openai', ...rest } = change
  const startedAt = rest.startedAt ?? Date.UTC(2026, 0, 1)
  const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 }
  return {
    id: 'req_1',
    startedAt,
    durationMs: 900,
    dialect: 'openai-chat',
    client: 'team',
    model: 'gpt',
    streamed: true,
    status: 200,
    attempts: [{ provider, model: 'gpt-1', startedAt, durationMs: 890, upstreamStatus: 200, relayed: true, usage }],
    firstTokenMs: 300,
    finishReason: 'stop',
    usage,
    cost: 0.5,
    dropped: [],
    ...rest,
  }
}

/**
 * What every `LogStore` promises, as tests. `open` gives an empty one that goes by this clock.
 *
 *     testLogStore('sqlite', ({ clock }) => sqliteLog({ folder, clock }))
 */
export function testLogStore(name: string, open: (options: { readonly clock: HandClock }) => LogStore): void {
  const opened = async (...entries: readonly LogEntry[]) => {
    const clock = handClock()
    const log = open({ clock })
    for (const entry of entries) log.append(entry)
    await log.flush()
    const ids = async (filter: LogFilter) => (await log.list({ filter, limit: 100 })).entries.map(({ id }) => id)
    return { clock, log, ids, [Symbol.asyncDispose]: () => log.close() }
  }

  describe(`log store ${name}`, () => {
    test('entries come back as they were, the last one first', async () => {
      const entries = [
        logEntry({ id: 'a' }),
        logEntry({ id: 'b', model: 'Grüße 🐉', error: undefined, dropped: ['top_k'] }),
      ]
      await using store = await opened(...entries)
      const page = await store.log.list({ limit: 10 })
      expect(page).toEqual({ entries: entries.toReversed() })
      expect(await store.log.read('b')).toEqual({ entry: entries[1], bodies: [] })
      expect(await store.log.read('c')).toBeUndefined()
    })

    test('every filter gives what is like it, and all of them together', async () => {
      const error = { code: 'upstream_timeout', message: 'too late' } as const
      await using store = await opened(
        logEntry({ id: 'plain' }),
        logEntry({ id: 'model', model: 'glm' }),
        logEntry({ id: 'provider', provider: 'zai' }),
        logEntry({ id: 'client', client: 'other' }),
        logEntry({ id: 'failed', status: 504, error }),
        logEntry({ id: 'broken', error }),
        logEntry({ id: 'whole', streamed: false }),
        logEntry({ id: 'dear', cost: 2, durationMs: 5_000 }),
        logEntry({ id: 'unknown', cost: undefined, startedAt: Date.UTC(2026, 0, 2) }),
        logEntry({ id: 'both', model: 'glm', client: 'other', status: 504, startedAt: Date.UTC(2026, 0, 2) }),
      )
      const cases: readonly [LogFilter, string][] = [
        [{ model: 'glm' }, 'both model'],
        [{ model: 'gl' }, ''],
        [{ provider: 'zai' }, 'provider'],
        [{ client: 'other' }, 'both client'],
        [{ status: 504 }, 'both failed'],
        [{ outcome: 'error' }, 'both broken failed'],
        [{ error: 'upstream_timeout' }, 'broken failed'],
        [{ streamed: false }, 'whole'],
        [{ minCost: 2 }, 'dear'],
        [{ maxCost: 0.4 }, ''],
        [{ minDurationMs: 5_000, maxDurationMs: 5_000 }, 'dear'],
        [{ from: Date.UTC(2026, 0, 2) }, 'both unknown'],
        [{ to: Date.UTC(2026, 0, 2), model: 'glm' }, 'model'],
        [{ model: 'glm', client: 'other', status: 504, outcome: 'error', from: 1 }, 'both'],
        [{ model: 'nobody asked for this' }, ''],
      ]
      for (const [filter, expected] of cases) {
        expect([filter, (await store.ids(filter)).toSorted().join(' ')]).toEqual([filter, expected])
      }
    })

    test('pages have no gap and nothing twice while entries are added', async () => {
      const all = Array.from({ length: 30 }, (_, i) => logEntry({ id: `old_${i}`, model: i % 2 ? 'glm' : 'gpt' }))
      await using store = await opened(...all)
      const seen: string[] = []
      let before: string | undefined
      do {
        const page = await store.log.list({ limit: 4, filter: { model: 'glm' }, ...(before ? { before } : {}) })
        seen.push(...page.entries.map(({ id }) => id))
        before = page.next
        store.log.append(logEntry({ id: `new_${seen.length}`, model: 'glm' }))
        await store.log.flush()
      } while (before)
      expect(seen).toEqual(
        all
          .filter(({ model }) => model === 'glm')
          .map(({ id }) => id)
          .toReversed(),
      )
    })

    test('words, phrases and fields find what has them', async () => {
      await using store = await opened()
      const { log } = store
      log.append(logEntry({ id: 'bug', model: 'glm' }), {
        text: { user: 'Find the bug', answer: 'It is in the parser.' },
      })
      log.append(logEntry({ id: 'fix', status: 500, error: { code: 'internal', message: 'parser exploded' } }), {
        text: { user: 'fix THE parser bug', tools: ['read_file', 'write_file'] },
      })
      log.append(logEntry({ id: 'metadata' }))
      await log.flush()
      const cases: readonly [string, string][] = [
        ['bug', 'bug fix'],
        ['parser bug', 'bug fix'],
        ['"the bug"', 'bug'],
        ['pars', 'bug fix'],
        ['pars ', ''],
        ['user:parser', 'fix'],
        ['answer:"in the parser"', 'bug'],
        ['tool:write_file', 'fix'],
        ['message:exploded', 'fix'],
        ['model:GL', 'bug'],
        ['model:gl parser', 'bug'],
        ['status:500', 'fix'],
        ['status:ok key:tea', 'bug metadata'],
        ['error:intern', 'fix'],
        ['cost:>0.4 bug', 'bug fix'],
        ['cost:>0.6', ''],
        ['time:<2026-01-01', ''],
        ['nothing', ''],
        ['', 'bug fix metadata'],
      ]
      for (const [text, expected] of cases) {
        const { entries } = await log.search({ text, limit: 10 })
        expect([
          text,
          entries
            .map(({ id }) => id)
            .toSorted()
            .join(' '),
        ]).toEqual([text, expected])
      }
      const first = await log.search({ text: 'bug', limit: 1 })
      const second = await log.search({ text: 'bug', limit: 1, before: first.next ?? '' })
      expect([...first.entries, ...second.entries].map(({ id }) => id)).toEqual(['fix', 'bug'])
      expect(second.next).toBeUndefined()
    })

    test('a text of any signs is looked for as it is', async () => {
      await using store = await opened()
      store.log.append(logEntry(), { text: { user: 'a AND b OR c' } })
      await store.log.flush()
      const hostile = [
        '%%%%%%',
        '(a+)+$',
        '"',
        '""',
        'a"b',
        'NEAR(a b)',
        'a* OR *',
        'x:y',
        '- - -',
        "'; DROP TABLE",
        '\0',
        '^a',
      ]
      for (const text of [...hostile, `${'a '.repeat(5_000)}`, '__proto__:x', 'constructor:x', '🐉']) {
        expect((await store.log.search({ text, limit: 5 })).entries.length).toBeLessThanOrEqual(1)
      }
      expect((await store.log.search({ text: 'c AND a', limit: 5 })).entries).toHaveLength(1)
      expect((await store.log.search({ text: '%%%%%%', limit: 5 })).entries).toHaveLength(0)
    })

    test('bodies come back byte by byte, streams with their timings', async () => {
      await using store = await opened()
      const request = '{"messages":["Grüße 🐉"]}'
      const pieces = ['data: 1\n\n', new Uint8Array([0, 255, 10]), 'data: é\n\n']
      store.log.append(logEntry(), {
        bodies: { 'client-request': request, 'upstream-response': { pieces, atMs: [300, 301, 950] } },
      })
      await store.log.flush()
      const whole = await store.log.body('req_1', 'client-request')
      expect(whole).toMatchObject({ bytes: 29, truncated: false })
      expect(Buffer.from(whole?.content ?? []).toString()).toBe(request)
      expect(whole?.sha256).toBe(createHash('sha256').update(request).digest('hex'))
      const stream = await store.log.body('req_1', 'upstream-response')
      expect(Buffer.from(stream?.content ?? [])).toEqual(Buffer.concat(pieces.map((piece) => Buffer.from(piece))))
      expect(stream?.timings).toEqual([
        [300, 9],
        [301, 3],
        [950, 10],
      ])
      expect(await store.log.body('req_1', 'client-response')).toBeUndefined()
      expect((await store.log.read('req_1'))?.bodies.map(({ kind }) => kind)).toEqual([
        'client-request',
        'upstream-response',
      ])
    })

    test('totals count every request, by each dimension', async () => {
      const hour = 3_600_000
      const startedAt = Date.UTC(2026, 0, 1, 23)
      await using store = await opened(
        logEntry({ startedAt }),
        logEntry({ startedAt: startedAt + hour, model: 'glm', provider: 'zai', cost: undefined }),
        logEntry({ startedAt: startedAt + hour, client: 'other', status: 500, usage: undefined, cost: undefined }),
      )
      const { log } = store
      expect(await log.totals({})).toMatchObject([
        { requests: 3, errors: 1, promptTokens: 200, completionTokens: 40, cost: 0.5, unpriced: 1 },
      ])
      const keys = async (query: Parameters<LogStore['totals']>[0]) =>
        (await log.totals(query)).map(({ key, requests }) => `${key}=${requests}`).join(' ')
      expect(await keys({ by: 'model' })).toBe('glm=1 gpt=2')
      expect(await keys({ by: 'provider' })).toBe('openai=2 zai=1')
      expect(await keys({ by: 'client', model: 'gpt' })).toBe('other=1 team=1')
      expect(await keys({ by: 'status', client: 'team' })).toBe('2xx=2')
      expect(await keys({ by: 'status' })).toBe('2xx=2 5xx=1')
      expect(await keys({ by: 'model', outcome: 'error' })).toBe('gpt=1')
      expect(await keys({ by: 'hour' })).toBe('2026-01-01T23:00:00.000Z=1 2026-01-02T00:00:00.000Z=2')
      expect(await keys({ by: 'day', client: 'team', provider: 'openai' })).toBe('2026-01-01T00:00:00.000Z=1')
      expect(await keys({ by: 'model', from: startedAt + hour })).toBe('glm=1 gpt=1')
      expect(await keys({ to: startedAt + hour, by: 'model' })).toBe('gpt=1')
      expect(await log.totals({ model: 'never asked for' })).toEqual([])
      const [all] = await log.totals({})
      expect(all?.totalMs?.p50).toBeGreaterThan(810)
      expect(all?.firstTokenMs?.p99).toBeLessThan(330)
      // Some are summed up by now, others are not.
      await log.prune({})
      log.append(logEntry({ id: 'late' }))
      await log.flush()
      expect(await log.totals({})).toMatchObject([{ requests: 4 }])
      await log.prune({})
      expect(await log.totals({})).toMatchObject([{ requests: 4 }])
    })

    test('names are suggested by their beginning, then by what is in them', async () => {
      await using store = await opened(
        ...['gpt-4', 'GLM-4', 'my-glm', 'kimi'].map((model, i) => logEntry({ id: `${i}`, model })),
      )
      expect(await store.log.suggest('model', 'gl', 10)).toEqual(['GLM-4', 'my-glm'])
      expect(await store.log.suggest('model', '', 2)).toHaveLength(2)
      expect(await store.log.suggest('provider', 'open', 5)).toEqual(['openai'])
    })

    test('subscribers see what comes, until they leave', async () => {
      await using store = await opened(logEntry({ id: 'before' }))
      const leaving = new AbortController()
      const seen: string[] = []
      const entries = store.log.subscribe({ model: 'glm' }, leaving.signal)
      store.log.append(logEntry({ id: 'one', model: 'glm' }))
      store.log.append(logEntry({ id: 'two' }))
      store.log.append(logEntry({ id: 'three', model: 'glm' }))
      for await (const { id } of entries) if (seen.push(id) === 2) leaving.abort()
      expect(seen).toEqual(['one', 'three'])
    })

    test('everything is exported, a line each', async () => {
      const entries = Array.from({ length: 3 }, (_, i) => logEntry({ id: `${i}`, model: i === 1 ? 'glm' : 'gpt\n' }))
      await using store = await opened(...entries)
      expect(await Array.fromAsync(store.log.export())).toEqual(
        entries.toReversed().map((entry) => `${JSON.stringify(entry)}\n`),
      )
      expect(await Array.fromAsync(store.log.export({ model: 'glm' }))).toHaveLength(1)
    })

    test('what is old goes, and its totals stay', async () => {
      await using store = await opened()
      for (let i = 0; i < 3_000; i++) store.log.append(logEntry({ id: `old_${i}` }))
      store.log.append(logEntry({ id: 'new', startedAt: Date.UTC(2026, 1, 1) }))
      const removed = await store.log.prune({ beforeAt: Date.UTC(2026, 1, 1) })
      expect(removed).toBeGreaterThan(1_500)
      expect(await store.log.stats()).toMatchObject({ entries: 3_001 - removed, waiting: 0 })
      expect(await store.log.read('old_0')).toBeUndefined()
      expect((await store.log.read('new'))?.entry.id).toBe('new')
      expect(await store.log.totals({})).toMatchObject([{ requests: 3_001 }])
      expect((await store.log.list({ limit: 1, filter: { to: Date.UTC(2026, 0, 2) } })).entries).toHaveLength(1)
    })
  })
}
