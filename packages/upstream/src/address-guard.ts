import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net'
import { DragomanError } from '@dragoman/core'

/** Looks a host name up: all of its addresses, as `dns.lookup` with `all` gives them. */
export type LookUp = (host: string, done: (error: Error | null, addresses: readonly Address[]) => void) => void

export interface Address {
  readonly address: string
  readonly family: number
}

export const lookUp: LookUp = (host, done) => systemLookup(host, { all: true }, (error, found) => done(error, found))

/** Which hosts and addresses may be connected to: public ones, and those that the operator lists. */
export interface AddressGuard {
  /** False for a host, as `URL.hostname` spells it, that is an address and refused. Names are for `lookup` to check. */
  accepts(hostname: string): boolean
  /** For `net.connect`: what it checks is what is connected to. Fails with `RefusedAddress`. */
  readonly lookup: LookupFunction
}

/** A host name leads where nothing may be fetched from. */
export class RefusedAddress extends Error {}

/** @param allow addresses, networks (`10.1.0.0/16`) and host names that are accepted wherever they lead */
export function addressGuard(allow: readonly string[], look: LookUp = lookUp): AddressGuard {
  const listed = new BlockList()
  const names = new Set<string>()
  for (const entry of allow) {
    const [base = '', prefix] = entry.replace(/^\[(.*)\]$/, '$1').split('/')
    if (isIP(base) === 0) names.add(nameOf(entry))
    else if (prefix === undefined) listed.addAddress(base, familyOf(base))
    else listed.addSubnet(base, prefixLength(prefix, entry), familyOf(base))
  }
  const isListed = (address: string) => listed.check(address, familyOf(address))
  const mayReach = (address: string) => isListed(address) || isPublic(address)

  return {
    accepts(hostname) {
      const address = plain(hostname)
      return isIP(address) === 0 || mayReach(address)
    },
    lookup(host, options, callback) {
      look(host, (error, found) => {
        const [first] = found ?? []
        if (error || !first) callback(error ?? new Error(`${host} has no address`), '', 0)
        // One refused address is enough: nobody means to publish it beside a public one.
        else if (!names.has(nameOf(host)) && !found.every(({ address }) => mayReach(plain(address))))
          callback(new RefusedAddress(`${host} leads to an address that is refused`), '', 0)
        else if (options.all) callback(null, [...found])
        else callback(null, first.address, first.family)
      })
    },
  }
}

function prefixLength(text: string, entry: string): number {
  const bits = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
  if (bits <= (familyOf(entry.replace(/\/.*/, '')) === 'ipv4' ? 32 : 128)) return bits
  throw new DragomanError('invalid_request', `${entry} is not a network such as 10.1.0.0/16`, { param: 'allow' })
}

function nameOf(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6'
}

/** Without brackets and zone, and an IPv4 address that IPv6 only wraps (mapped, or for NAT64) as what it is. */
function plain(host: string): string {
  const address = host.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
  if (isIP(address) !== 6) return address
  // `URL` spells every IPv6 address in one way.
  const { hostname } = new URL(`http://[${address}]`)
  const [, high, low] = /^\[(?:::ffff:|64:ff9b::)([\da-f]{1,4}):([\da-f]{1,4})\]$/.exec(hostname) ?? []
  if (high === undefined || low === undefined) return address
  const number = Number.parseInt(high, 16) * 0x1_00_00 + Number.parseInt(low, 16)
  return [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join('.')
}

function isPublic(address: string): boolean {
  return isIPv4(address)
    ? !special.check(address, 'ipv4')
    : globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

/** All of IPv6 that is routed on the internet. */
const globalUnicast = subnets(['2000::/3'])

/** IANA's registries of special-purpose addresses, and the metadata service that has a public one. */
const special = subnets([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32', // Azure
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3', // multicast, reserved, broadcast
  '2001::/23', // Teredo, benchmarks, ORCHID
  '2001:db8::/32',
  '2002::/16', // 6to4
  '3fff::/20',
])

function subnets(list: readonly string[]): BlockList {
  const made = new BlockList()
  for (const subnet of list) {
    const [base = '', prefix] = subnet.split('/')
    made.addSubnet(base, Number(prefix), familyOf(base))
  }
  return made
}
