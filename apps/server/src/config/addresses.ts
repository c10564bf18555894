import { isIP } from 'node:net'

/** An IP address or a host name, without scheme and port. */
export function isHostName(text: string): boolean {
  return isIP(text) > 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text)
}

/** Scheme, host and perhaps a port, as browsers send them in `Origin`. */
export function isOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/i.test(text)
}
