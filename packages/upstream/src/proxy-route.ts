import { BlockList, isIP } from 'node:net'
import { DragomanError, type OutgoingProxy } from '@dragoman/core'

/**
 * Which proxy leads to a target: one given as a string always, those of the environment by the target's scheme, unless
 * `no` names the target or it is on this machine. `undefined` means directly.
 *
 * `no` is a list of hosts as in `NO_PROXY`: `example.com` and `.example.com` stand for the domain and all below it,
 * `*.example.com` for what is below it, `host:port` for one port, `10.0.0.0/8` for a range, `*` for everything.
 */
export function proxyFor(target: URL, proxy: string | OutgoingProxy | undefined): URL | undefined {
  if (typeof proxy === 'string') return proxy === '' ? undefined : readProxyUrl(proxy)
  const address = target.protocol === 'https:' ? proxy?.https : proxy?.http
  if (!address || isLoopback(hostOf(target)) || isExcepted(target, proxy?.no ?? '')) return undefined
  return readProxyUrl(address)
}

const PROXY_PROTOCOLS: ReadonlySet<string> = new Set(['http:', 'https:', 'socks5:', 'socks:'])

function readProxyUrl(address: string): URL {
  // Curl's ways of writing: without a scheme it is http, and socks5h says that the proxy looks names up, as ours does.
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`
  const spelled = withScheme.replace(/^socks5h:/i, 'socks5:')
  const url = URL.canParse(spelled) ? new URL(spelled) : undefined
  if (url && url.hostname !== '' && PROXY_PROTOCOLS.has(url.protocol)) return url
  // It may hold a password, so it is not repeated here.
  throw new DragomanError('invalid_request', 'A proxy has to be an http://, https:// or socks5:// URL', {
    param: 'proxy',
  })
}

function isExcepted(target: URL, list: string): boolean {
  const host = hostOf(target)
  const port = target.port || (target.protocol === 'https:' ? '443' : '80')
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry, host, port))
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry.includes('/')) return isInRange(entry, host)
  const [, name = '', onlyPort] = /^(\[.+\]|[^:]+|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? []
  if (onlyPort !== undefined && onlyPort !== port) return false
  const pattern = withoutDecoration(name)
  if (pattern === '*') return true
  if (pattern.startsWith('*.')) return host.endsWith(pattern.slice(1))
  const domain = pattern.replace(/^\./, '')
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`))
}

function isInRange(entry: string, host: string): boolean {
  const [network = '', bits = ''] = entry.split('/')
  const family = isIP(withoutDecoration(network)) === 6 ? 'ipv6' : 'ipv4'
  const prefix = Number(bits)
  const isRange = isIP(withoutDecoration(network)) !== 0 && bits !== '' && prefix >= 0 && Number.isInteger(prefix)
  if (!isRange || prefix > (family === 'ipv6' ? 128 : 32) || isIP(host) === 0) return false
  const range = new BlockList()
  range.addSubnet(withoutDecoration(network), prefix, family)
  return range.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}

function hostOf(target: URL): string {
  return withoutDecoration(target.hostname.toLowerCase())
}

/** Without the brackets of an IPv6 address and the dot that ends a fully qualified name. */
function withoutDecoration(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').replace(/(.)\.$/, '$1')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
