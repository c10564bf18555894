import { isIP } from 'node:net'

/** An IP address or a host name, without scheme and port. Names of containers may hold underscores. */
export function isHostName(text: string): boolean {
  return isIP(text) > 0 || /^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/i.test(text)
}

/** Scheme, host and perhaps a port, as browsers send them in `Origin`. One origin: no pattern matches several. */
export function isOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s@*]+$/i.test(text) && (!/^https?:/i.test(text) || URL.canParse(text))
}
