import { isIP } from 'node:net'

/** An IP address or a host name, without scheme and port. Names of containers may hold underscores. */
export function isHostName(text: string): boolean {
  return isIP(text) > 0 || /^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/i.test(text)
}

/** `10.1.0.0/16`, `fd12:3456::/32` */
export function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^(.+)\/(\d{1,3})$/.exec(text) ?? []
  const family = isIP(address)
  return family > 0 && Number(prefix) <= (family === 4 ? 32 : 128)
}

/** Scheme, host and perhaps a port, as browsers send them in `Origin`. One origin: no pattern matches several. */
export function isOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s@*]+$/i.test(text) && (!/^https?:/i.test(text) || URL.canParse(text))
}
