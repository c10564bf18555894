/**
 * OTLP's messages, in the form that its JSON has: numbers of 64 bits are texts there, ids are in hexadecimal digits.
 * Only the fields that are sent from here.
 */
export interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: number
  readonly arrayValue?: { readonly values: readonly AnyValue[] }
}

export interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

export interface OtlpResource {
  readonly attributes: readonly KeyValue[]
}

export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string | undefined
  readonly traceState?: string | undefined
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly KeyValue[]
  readonly status?: { readonly code: number } | undefined
}

export interface NumberPoint {
  readonly attributes: readonly KeyValue[]
  readonly startTimeUnixNano?: string | undefined
  readonly timeUnixNano: string
  readonly asDouble: number
}

export interface HistogramPoint {
  readonly attributes: readonly KeyValue[]
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
  readonly count: string
  readonly sum: number
  readonly bucketCounts: readonly string[]
  readonly explicitBounds: readonly number[]
}

export interface OtlpMetric {
  readonly name: string
  readonly description: string
  readonly unit?: string | undefined
  readonly gauge?: { readonly dataPoints: readonly NumberPoint[] }
  readonly sum?: {
    readonly dataPoints: readonly NumberPoint[]
    readonly aggregationTemporality: number
    readonly isMonotonic: boolean
  }
  readonly histogram?: { readonly dataPoints: readonly HistogramPoint[]; readonly aggregationTemporality: number }
}

interface Scope {
  readonly name: string
  readonly version: string
}

export interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: OtlpResource
    readonly scopeSpans: readonly { readonly scope: Scope; readonly spans: readonly OtlpSpan[] }[]
  }[]
}

export interface MetricsRequest {
  readonly resourceMetrics: readonly {
    readonly resource: OtlpResource
    readonly scopeMetrics: readonly { readonly scope: Scope; readonly metrics: readonly OtlpMetric[] }[]
  }[]
}

/** Attributes that are not there are left out, and so are lists without entries. */
export function attributes(
  values: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
): readonly KeyValue[] {
  return Object.entries(values).flatMap(([key, value]): KeyValue[] => {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return []
    return [{ key, value: anyValue(value) }]
  })
}

function anyValue(value: string | number | boolean | readonly string[]): AnyValue {
  switch (typeof value) {
    case 'string':
      return { stringValue: value }
    case 'boolean':
      return { boolValue: value }
    case 'number':
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
    default:
      return { arrayValue: { values: value.map((each) => ({ stringValue: each })) } }
  }
}

/** @param ms Unix milliseconds */
export function nanoseconds(ms: number): string {
  return `${Math.round(ms)}000000`
}
