/** What a family of series counts or shows. */
export type MetricType = 'counter' | 'gauge' | 'histogram'

export interface FamilyHead {
  /** With the suffix of its unit; a counter's ends in `_total`. */
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

export interface Sample {
  /** One for each of the family's labels, in their order. */
  readonly labels: readonly string[]
  readonly value: number
}

export interface HistogramSample {
  readonly labels: readonly string[]
  /** How many fell into each bucket and not into the one before; the last has no upper bound. */
  readonly counts: ArrayLike<number>
  readonly sum: number
}

/** All series of one name, as they are now. */
export type Family = FamilyHead &
  (
    | { readonly type: 'counter' | 'gauge'; readonly samples: Iterable<Sample> }
    | { readonly type: 'histogram'; readonly bounds: readonly number[]; readonly samples: Iterable<HistogramSample> }
  )

/** Names come from outside in the end: no more series of one family are kept, whatever bounds the names themselves. */
const mostSeries = 5_000

/** What stands in the place of labels for which there is no room. */
export const other = 'other'

/** Series by the values of their labels. Finding one makes no string: that would cost more than the counting. */
class Labelled<S> {
  readonly all: S[] = []
  readonly #make: (labels: readonly string[]) => S
  readonly #count: number
  readonly #tree = new Map<string, unknown>()

  constructor(count: number, make: (labels: readonly string[]) => S) {
    this.#count = count
    this.#make = make
  }

  find(a: string, b: string, c: string, d: string, e: string): S {
    let level = this.#tree
    if (this.#count > 1) level = below(level, a)
    if (this.#count > 2) level = below(level, b)
    if (this.#count > 3) level = below(level, c)
    if (this.#count > 4) level = below(level, d)
    const count = this.#count
    const last = count === 5 ? e : count === 4 ? d : count === 3 ? c : count === 2 ? b : a
    const known = level.get(last) as S | undefined
    return known ?? this.#added(level, last, [a, b, c, d, e].slice(0, count))
  }

  #added(level: Map<string, unknown>, last: string, labels: readonly string[]): S {
    if (this.all.length >= mostSeries && labels.some((label) => label !== other)) {
      return this.find(other, other, other, other, other)
    }
    const series = this.#make(labels)
    level.set(last, series)
    this.all.push(series)
    return series
  }
}

function below(level: Map<string, unknown>, label: string): Map<string, unknown> {
  let next = level.get(label) as Map<string, unknown> | undefined
  if (!next) {
    next = new Map()
    level.set(label, next)
  }
  return next
}

/** One number that grows. */
export class CounterSeries implements Sample {
  readonly labels: readonly string[]
  value = 0

  constructor(labels: readonly string[]) {
    this.labels = labels
  }

  add(amount: number): void {
    if (amount > 0) this.value += amount
  }
}

export class Counter {
  readonly type = 'counter'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly #series: Labelled<CounterSeries>

  constructor({ name, help, labels }: FamilyHead) {
    this.name = name
    this.help = help
    this.labels = labels
    this.#series = new Labelled(labels.length, (values) => new CounterSeries(values))
  }

  /** At most five labels. */
  of(a = '', b = '', c = '', d = '', e = ''): CounterSeries {
    return this.#series.find(a, b, c, d, e)
  }

  get samples(): readonly CounterSeries[] {
    return this.#series.all
  }
}

export class HistogramSeries implements HistogramSample {
  readonly labels: readonly string[]
  readonly counts: Float64Array
  sum = 0
  readonly #bounds: readonly number[]

  constructor(labels: readonly string[], bounds: readonly number[]) {
    this.labels = labels
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && value > (bounds[at] as number)) at++
    this.counts[at] = (this.counts[at] as number) + 1
    this.sum += value
  }
}

export class Histogram {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly bounds: readonly number[]
  readonly #series: Labelled<HistogramSeries>

  /** @param bounds of its buckets, each with what is equal to it, from the least */
  constructor({ name, help, labels }: FamilyHead, bounds: readonly number[]) {
    this.name = name
    this.help = help
    this.labels = labels
    this.bounds = bounds
    this.#series = new Labelled(labels.length, (values) => new HistogramSeries(values, bounds))
  }

  of(a = '', b = '', c = ''): HistogramSeries {
    return this.#series.find(a, b, c, '', '')
  }

  get samples(): readonly HistogramSeries[] {
    return this.#series.all
  }
}

/** What is only looked at when somebody asks. */
export function gauge(
  name: string,
  help: string,
  labels: readonly string[] = [],
  samples: readonly (readonly [...labels: string[], value: number])[] = [],
): Family {
  return { type: 'gauge', name, help, labels, samples: samples.map(sampleOf) }
}

/** A number that grows, and is counted elsewhere. */
export function counted(
  name: string,
  help: string,
  labels: readonly string[],
  samples: readonly (readonly [...labels: string[], value: number])[],
): Family {
  return { type: 'counter', name, help, labels, samples: samples.map(sampleOf) }
}

function sampleOf(row: readonly [...labels: string[], value: number]): Sample {
  return { labels: row.slice(0, -1).map(String), value: Number(row.at(-1)) }
}
