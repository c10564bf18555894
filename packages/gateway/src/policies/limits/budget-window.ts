/** The day or the month that an instant is in, somewhere. */
export interface BudgetWindow {
  /** `2026-11-22` or `2026-11`, of the calendar that people go by there. */
  readonly label: string
  /** An instant within it; not its beginning. */
  readonly from: number
  /** The first one after it. Unix milliseconds. */
  readonly endsAt: number
}

export type BudgetPeriod = 'day' | 'month'

/** Longer than any of them, clocks put back and all. */
const longestMs: Readonly<Record<BudgetPeriod, number>> = { day: 36 * 3_600_000, month: 33 * 86_400_000 }

/** @param timeZone an IANA name; throws a `RangeError` for one that does not exist */
export function budgetWindow(period: BudgetPeriod, now: number, timeZone = 'UTC'): BudgetWindow {
  const label = labels(period, timeZone)
  const current = label(now)
  // Clocks are put forward and back, at midnight too: looked for, where calculating would have to know when.
  let within = now
  let after = now + longestMs[period]
  while (after - within > 1) {
    const middle = Math.floor((within + after) / 2)
    if (label(middle) === current) within = middle
    else after = middle
  }
  return { label: current, from: now, endsAt: after }
}

function labels(period: BudgetPeriod, timeZone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    ...(period === 'day' && { day: '2-digit' }),
  })
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const day = parts.get('day')
    return `${parts.get('year')}-${parts.get('month')}${day === undefined ? '' : `-${day}`}`
  }
}
