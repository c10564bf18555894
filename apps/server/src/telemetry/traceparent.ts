/** Where a trace goes on that a client has begun (W3C Trace Context). */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16. */
  readonly spanId: string
  readonly isSampled: boolean
  readonly state?: string | undefined
}

/** Longer ones may be left out, and are. */
const longestState = 512

/** Undefined where it is none; a later version than ours is read as far as it is the same. */
export function readTraceParent(header: string | undefined, state: string | undefined): TraceParent | undefined {
  const [, version = '', traceId = '', spanId = '', flags = '', more = ''] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(header?.trim() ?? '') ?? []
  if (version === '' || version === 'ff' || (version === '00' && more !== '')) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  const isKept = state !== undefined && state.length <= longestState && /^[\x20-\x7e]+$/.test(state)
  return {
    traceId,
    spanId,
    isSampled: (Number.parseInt(flags, 16) & 1) === 1,
    state: isKept ? state : undefined,
  }
}
