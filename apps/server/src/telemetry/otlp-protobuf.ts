import type { MetricsRequest, TraceRequest } from './otlp-messages.ts'

/** How a field of a message goes over the wire; another message by its own fields. */
type Kind = 'string' | 'hex' | 'bool' | 'enum' | 'int64' | 'fixed64' | 'fixed64s' | 'double' | 'doubles' | Message

/** By the name that the field has in JSON: its number, and what it is. A list has the kind of its entries. */
interface Message {
  readonly [name: string]: readonly [number: number, kind: Kind]
}

// The numbers are those of opentelemetry-proto 1, which may not change any more.
const value = {
  stringValue: [1, 'string'],
  boolValue: [2, 'bool'],
  intValue: [3, 'int64'],
  doubleValue: [4, 'double'],
  arrayValue: [5, { values: [1, { stringValue: [1, 'string'] }] }],
} as const satisfies Message
const attribute = { key: [1, 'string'], value: [2, value] } as const satisfies Message
const resource = { attributes: [1, attribute] } as const satisfies Message
const scope = { name: [1, 'string'], version: [2, 'string'] } as const satisfies Message

const span = {
  traceId: [1, 'hex'],
  spanId: [2, 'hex'],
  traceState: [3, 'string'],
  parentSpanId: [4, 'hex'],
  name: [5, 'string'],
  kind: [6, 'enum'],
  startTimeUnixNano: [7, 'fixed64'],
  endTimeUnixNano: [8, 'fixed64'],
  attributes: [9, attribute],
  status: [15, { code: [3, 'enum'] }],
} as const satisfies Message

const numberPoint = {
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  asDouble: [4, 'double'],
  attributes: [7, attribute],
} as const satisfies Message

const histogramPoint = {
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  bucketCounts: [6, 'fixed64s'],
  explicitBounds: [7, 'doubles'],
  attributes: [9, attribute],
} as const satisfies Message

const metric = {
  name: [1, 'string'],
  description: [2, 'string'],
  unit: [3, 'string'],
  gauge: [5, { dataPoints: [1, numberPoint] }],
  sum: [7, { dataPoints: [1, numberPoint], aggregationTemporality: [2, 'enum'], isMonotonic: [3, 'bool'] }],
  histogram: [9, { dataPoints: [1, histogramPoint], aggregationTemporality: [2, 'enum'] }],
} as const satisfies Message

const traceRequest = {
  resourceSpans: [1, { resource: [1, resource], scopeSpans: [2, { scope: [1, scope], spans: [2, span] }] }],
} as const satisfies Message

const metricsRequest = {
  resourceMetrics: [1, { resource: [1, resource], scopeMetrics: [2, { scope: [1, scope], metrics: [2, metric] }] }],
} as const satisfies Message

export function encodeTraces(request: TraceRequest): Uint8Array {
  return encode(request, traceRequest)
}

export function encodeMetrics(request: MetricsRequest): Uint8Array {
  return encode(request, metricsRequest)
}

const wireTypes = { varint: 0, bits64: 1, delimited: 2 } as const

function encode(given: object, message: Message): Buffer {
  const parts: Buffer[] = []
  for (const [name, field] of Object.entries(given) as [string, unknown][]) {
    const known = message[name]
    if (field === undefined || !known) continue
    const [number, kind] = known
    const isPacked = kind === 'fixed64s' || kind === 'doubles'
    for (const each of Array.isArray(field) && !isPacked ? field : [field]) write(parts, number, kind, each)
  }
  return Buffer.concat(parts)
}

function write(parts: Buffer[], number: number, kind: Kind, field: unknown): void {
  const tag = (type: keyof typeof wireTypes) => varint(BigInt((number << 3) | wireTypes[type]))
  const delimited = (bytes: Buffer) => parts.push(tag('delimited'), varint(BigInt(bytes.length)), bytes)
  switch (kind) {
    case 'string':
      delimited(Buffer.from(String(field)))
      return
    case 'hex':
      delimited(Buffer.from(String(field), 'hex'))
      return
    case 'bool':
    case 'enum':
    case 'int64':
      // A negative number has all of its 64 bits.
      parts.push(tag('varint'), varint(BigInt.asUintN(64, BigInt(field as string | number | boolean))))
      return
    case 'fixed64':
      parts.push(tag('bits64'), fixed64(field))
      return
    case 'double':
      parts.push(tag('bits64'), double(field))
      return
    case 'fixed64s':
      delimited(Buffer.concat((field as readonly unknown[]).map(fixed64)))
      return
    case 'doubles':
      delimited(Buffer.concat((field as readonly unknown[]).map(double)))
      return
    default:
      delimited(encode(field as object, kind))
  }
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

function fixed64(value: unknown): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value as string))
  return bytes
}

function double(value: unknown): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(Number(value))
  return bytes
}
