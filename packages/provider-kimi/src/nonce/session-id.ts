const digits = '0123456789abcdefghijklmnopqrstuvwxyz'

/** As the site's own page makes them: `session_<epoch ms>_<9 characters>`. */
export function newSessionId(now: number): string {
  const random = crypto.getRandomValues(new Uint8Array(9))
  return `session_${now}_${Array.from(random, (byte) => digits[byte % digits.length]).join('')}`
}
