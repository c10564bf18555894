import { expect, test } from 'vitest'
import { figure, page, passes, type Report, type Sample, verdict } from './report.ts'
import { type Row, rows } from './rows.ts'

const row = rows.find(({ id }) => id === 'parsed') as Row
const right = { count: 0, first: undefined }

function sample(target: string, round: number, cpuMicros: number, more: Partial<Sample> = {}): Sample {
  return { target, round, measurement: 'paced', lane: 'any', values: { cpuMicros }, wrong: right, ...more }
}

function report(...samples: readonly Sample[]): Report {
  return {
    date: '2026-01-02',
    machine: 'a machine',
    versions: 'versions',
    remarks: [],
    rounds: 3,
    rows: ['parsed'],
    targets: ['plain', 'dragoman', 'portkey'],
    base: 'plain',
    notMeasured: { portkey: 'no network' },
    samples,
  }
}

const parsed = { lane: 'parsed' } as const

test('a ratio is taken within its round, and the median of the ratios counts', () => {
  const plain = [sample('plain', 0, 10), sample('plain', 1, 100), sample('plain', 2, 10)]
  const own = [12, 110, 30].map((value, round) => sample('dragoman', round, value, parsed))
  expect(figure(report(...plain, ...own), row, 'dragoman')).toEqual({ median: 1.2, min: 1.1, max: 3 })
})

test('another lane does not count, and the only lane of a target does', () => {
  const plain = sample('plain', 0, 10)
  const relayed = sample('dragoman', 0, 20, { lane: 'relayed' })
  expect(figure(report(plain, relayed), row, 'dragoman')).toBeUndefined()
  expect(figure(report(plain, sample('portkey', 0, 30)), row, 'portkey')?.median).toBe(3)
})

test('the base stands in the lines of translated streams, and who does not translate in none of them', () => {
  const own = sample('dragoman', 0, 14, { lane: 'messages' })
  const all = { ...report(sample('plain', 0, 10), own, sample('portkey', 0, 30)), notMeasured: {}, rows: ['messages'] }
  const messages = rows.find(({ id }) => id === 'messages') as Row
  expect(figure(all, messages, 'dragoman')?.median).toBe(1.4)
  expect(figure(all, messages, 'portkey')).toBeUndefined()
  expect(page(all)).toMatch(/to Messages: .*\| 1.40 [^|]*\| +\| ≤ 1.45 *\| ≤ 1.70 *\| ok/)
  expect(passes(all)).toBe(true)
})

test('a run with a wrong answer is not counted, is told, and fails the whole', () => {
  const bad = sample('dragoman', 1, 1, { ...parsed, wrong: { count: 2, first: 'no [DONE]' } })
  const all = report(sample('plain', 0, 10), sample('plain', 1, 10), sample('dragoman', 0, 10, parsed), bad)
  expect(figure(all, row, 'dragoman')).toEqual({ median: 1, min: 1, max: 1 })
  expect(page(all)).toContain('not counted: dragoman, paced, parsed, round 2: 2 wrong, no [DONE]')
  expect(passes(all)).toBe(false)
  expect(passes({ ...all, samples: all.samples.filter((one) => one !== bad) })).toBe(true)
})

test.each([
  [1.25, 'ok'],
  [1.26, 'below goal'],
  [1.45, 'below goal'],
  [1.46, 'FAIL'],
] as const)('with a goal of 1.25 and a must of 1.45, %d is %s', (median, expected) => {
  expect(verdict(row, { median, min: 0, max: 9 })).toBe(expected)
  const all = report(sample('plain', 0, 1), sample('dragoman', 0, median, parsed))
  expect(passes(all)).toBe(expected !== 'FAIL')
})

test('throughput is better when it is higher', () => {
  const rate = rows.find(({ id }) => id === 'whole-rate') as Row
  expect([1, 0.8, 0.6].map((median) => verdict(rate, { median, min: 0, max: 9 }))).toEqual(['ok', 'below goal', 'FAIL'])
})

test('one stream that is not cut in one round is a failure', () => {
  const cut = rows.find(({ id }) => id === 'cut') as Row
  expect(verdict(cut, { median: 50, min: 49, max: 50 })).toBe('FAIL')
})

test('what was not measured is said with its reason, and ours must have been', () => {
  const all = report(sample('plain', 0, 10))
  expect(page(all)).toContain('portkey: not measured: no network')
  expect(page(all)).toMatch(/parsed stream.*\| not measured *\| not measured *\| ≤ 1.25 *\| ≤ 1.45 *\| not measured/)
  expect(passes(all)).toBe(false)
})
