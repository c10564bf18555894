import { DragomanError, type ErrorCode, errorTable } from '@dragoman/core'
import type { MapError } from '@dragoman/upstream'
import { type Fields, isRecord } from './record.ts'

/** Whether a JSON object that came with a status of success reports an error instead of answering. */
export function reportsError(json: Fields): boolean {
  // vLLM: the error is the object itself. MiniMax: the answer has a status of its own.
  return Boolean(json.error) || json.object === 'error' || statusOf(json) !== undefined
}

/** Reads the status that MiniMax puts into its answers, whatever the HTTP status; the default reads the rest. */
export function mapBaseResponse(name: string): MapError {
  return ({ json }) => {
    const status = statusOf(json)
    if (!status) return undefined
    const code = baseResponseCodes[status.code] ?? 'upstream_unavailable'
    const isRequest = errorTable[code].scope === 'request' && status.message !== ''
    const message = isRequest ? status.message : `${name} answered ${status.code}: ${status.message}`
    return new DragomanError(code, message, { origin: 'upstream' })
  }
}

// MiniMax API docs, "Error Codes".
const baseResponseCodes: Readonly<Record<number, ErrorCode>> = {
  1001: 'upstream_timeout',
  1002: 'rate_limited',
  1004: 'credential_rejected',
  1008: 'credential_exhausted',
  1026: 'content_filter',
  1027: 'content_filter',
  1039: 'rate_limited',
  2013: 'invalid_request',
  2049: 'credential_rejected',
}

function statusOf(json: unknown): { code: number; message: string } | undefined {
  if (!isRecord(json) || !isRecord(json.base_resp)) return undefined
  const { status_code: code, status_msg: message } = json.base_resp
  return typeof code === 'number' && code !== 0 ? { code, message: String(message ?? '') } : undefined
}
