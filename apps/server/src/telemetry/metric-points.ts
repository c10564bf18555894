import type { Family } from '../metrics/registry.ts'
import { attributes, type KeyValue, nanoseconds, type OtlpMetric } from './otlp-messages.ts'

/** Sums since the start, as Prometheus has them. */
const cumulative = 2

/**
 * Families as OTLP's metrics.
 *
 * @param startedAt Unix milliseconds, as `now`
 */
export function metricPoints(families: readonly Family[], startedAt: number, now: number): readonly OtlpMetric[] {
  const times = { startTimeUnixNano: nanoseconds(startedAt), timeUnixNano: nanoseconds(now) }
  return families.map((family): OtlpMetric => {
    const { name, help, labels } = family
    const head = { name: name.replace(/_total$/, ''), description: help, unit: unitOf(name) }
    const named = (values: readonly string[]): readonly KeyValue[] =>
      attributes(Object.fromEntries(labels.map((label, at) => [label, values[at] ?? ''])))
    if (family.type === 'histogram') {
      const dataPoints = Array.from(family.samples, ({ labels: values, counts, sum }) => ({
        ...times,
        attributes: named(values),
        count: String(Array.from(counts).reduce((total, count) => total + count, 0)),
        sum,
        bucketCounts: Array.from(counts, String),
        explicitBounds: family.bounds,
      }))
      return { ...head, histogram: { dataPoints, aggregationTemporality: cumulative } }
    }
    const isGauge = family.type === 'gauge'
    const dataPoints = Array.from(family.samples, ({ labels: values, value }) => ({
      ...(isGauge ? { timeUnixNano: times.timeUnixNano } : times),
      attributes: named(values),
      asDouble: value,
    }))
    if (isGauge) return { ...head, gauge: { dataPoints } }
    return { ...head, sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true } }
  })
}

function unitOf(name: string): string | undefined {
  if (/_seconds(_total)?$/.test(name)) return 's'
  return /_bytes(_total)?$/.test(name) ? 'By' : undefined
}
