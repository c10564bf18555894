export interface DataUrl {
  /** As given; `text/plain` where there is none (RFC 2397). */
  readonly type: string
  readonly bytes: Uint8Array
}

/** `malformed`: not a data URL, or not base64; `too large`: more than `maxBytes`. */
export function readDataUrl(url: string, maxBytes: number): DataUrl | 'malformed' | 'too large' {
  const comma = url.indexOf(',')
  if (comma < 0 || comma > MAX_HEAD) return 'malformed'
  const head = url.slice('data:'.length, comma)
  const [, declared = '', base64] = /^(.*?)(;\s*base64\s*)?$/is.exec(head) ?? []
  const type = declared.trim().startsWith(';') || declared.trim() === '' ? 'text/plain' : declared
  const data = url.slice(comma + 1)
  // Every byte may be escaped, and nothing is larger than that: what is, need not be decoded to be refused.
  if (data.length > 3 * maxBytes + MAX_HEAD) return 'too large'
  const unescaped = percentDecoded(data)
  const bytes = base64 === undefined ? unescaped : base64Decoded(unescaped.toString('latin1'))
  if (!bytes) return 'malformed'
  return bytes.length > maxBytes ? 'too large' : { type, bytes }
}

const MAX_HEAD = 1024

function percentDecoded(text: string): Buffer {
  const bytes = Buffer.from(text)
  let end = bytes.indexOf(PERCENT)
  if (end < 0) return bytes
  for (let at = end; at < bytes.length; at++) {
    const hex = bytes[at] === PERCENT ? bytes.toString('latin1', at + 1, at + 3) : ''
    const isEscape = /^[\da-f]{2}$/i.test(hex)
    bytes[end++] = isEscape ? Number.parseInt(hex, 16) : (bytes[at] ?? 0)
    if (isEscape) at += 2
  }
  return bytes.subarray(0, end)
}

const PERCENT = 0x25

/** Also without the padding; line breaks in it do not matter. */
function base64Decoded(text: string): Buffer | undefined {
  const dense = text.replace(/[\t\n\f\r ]+/g, '').replace(/={1,2}$/, '')
  if (dense.length % 4 === 1 || !/^[a-z\d+/]*$/i.test(dense)) return undefined
  return Buffer.from(dense, 'base64')
}
