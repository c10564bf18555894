import { isIP } from 'node:net'

/** Whether an address or host name can only mean this machine. Brackets around an address do not matter. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (isIP(name) === 4) return name.startsWith('127.')
  if (isIP(name) === 6) return name === '::1' || name.startsWith('::ffff:127.')
  return name === 'localhost' || name.endsWith('.localhost')
}

/** Whether a URL leads to this server itself, which listens on `port`; 0 is a port that nobody knows yet. */
export function isOwnAddress(text: string, port: number): boolean {
  const url = URL.parse(text)
  return url !== null && port > 0 && isLoopback(url.hostname) && Number(url.port) === port
}
