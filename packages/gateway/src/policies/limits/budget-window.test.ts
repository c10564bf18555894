import { expect, test } from 'vitest'
import { budgetWindow } from './budget-window.ts'

const at = (text: string) => Date.parse(text)
const ends = (window: { label: string; endsAt: number }) => [window.label, new Date(window.endsAt).toISOString()]

test.each([
  ['day', '2026-11-22T00:00:00Z', undefined, '2026-11-22', '2026-11-23T00:00:00.000Z'],
  ['day', '2026-11-22T23:59:59.999Z', undefined, '2026-11-22', '2026-11-23T00:00:00.000Z'],
  ['month', '2026-11-22T12:00:00Z', undefined, '2026-11', '2026-12-01T00:00:00.000Z'],
  ['month', '2028-02-01T00:00:00Z', undefined, '2028-02', '2028-03-01T00:00:00.000Z'],
  ['month', '2026-12-31T23:00:00Z', 'Europe/Berlin', '2027-01', '2027-01-31T23:00:00.000Z'],
  // Clocks are put forward and back.
  ['day', '2026-03-29T00:30:00Z', 'Europe/Berlin', '2026-03-29', '2026-03-29T22:00:00.000Z'],
  ['day', '2026-10-24T22:00:00Z', 'Europe/Berlin', '2026-10-25', '2026-10-25T23:00:00.000Z'],
  // At midnight, so that the day begins at one.
  ['day', '2018-11-03T12:00:00Z', 'America/Sao_Paulo', '2018-11-03', '2018-11-04T03:00:00.000Z'],
  ['day', '2026-11-22T12:00:00Z', 'Asia/Kolkata', '2026-11-22', '2026-11-22T18:30:00.000Z'],
  ['day', '2026-11-22T12:00:00Z', 'Pacific/Kiritimati', '2026-11-23', '2026-11-23T10:00:00.000Z'],
] as const)('a %s that holds %s (%s)', (period, now, timeZone, label, endsAt) => {
  expect(ends(budgetWindow(period, at(now), timeZone))).toEqual([label, endsAt])
})

test('a zone that does not exist is refused', () => {
  expect(() => budgetWindow('day', 0, 'Mars/Olympus')).toThrow(RangeError)
})
