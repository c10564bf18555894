const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Random bytes in stock: to ask for a few at a time costs more than all else of a short call. */
const stock = new Uint8Array(1024)
let left = 0

/** `call_` and 24 random characters; where a length is given, only so many characters. */
export function newCallId(length?: number): string {
  const wanted = length ?? 24
  let id = ''
  while (id.length < wanted) {
    if (left === 0) left = crypto.getRandomValues(stock).length
    left--
    // Of 64 equally likely values two are left out, so that all 62 characters stay equally likely.
    id += BASE62[(stock[left] ?? 0) & 63] ?? ''
  }
  return length === undefined ? `call_${id}` : id
}
