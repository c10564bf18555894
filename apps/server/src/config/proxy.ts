import type { OutgoingProxy } from '@dragoman/core'
import { z } from 'zod'
import { ConfigError } from './config-error.ts'
import { readProxy } from './readers.ts'
import type { Variables } from './variables.ts'

const proxyUrl = z.string().refine(isProxyUrl).meta({ title: 'the URL of a proxy (http, https or socks5)' })

export function isProxyUrl(text: string): boolean {
  return /^(https?|socks5h?):\/\/[^\s]+$/i.test(text) && URL.canParse(text)
}

/** The way out: one proxy, none, or one for each scheme. */
export const proxySchema = z.union([
  proxyUrl.describe('For all requests.'),
  z.literal('direct').describe('No proxy, whatever the environment says.'),
  z.strictObject({
    http: proxyUrl.optional().describe('For upstreams with http URLs.'),
    https: proxyUrl.optional().describe('For upstreams with https URLs.'),
    no: z.string().optional().describe('Hosts that are reached directly: `localhost,.internal,10.0.0.1:8080`, or `*`.'),
  }),
])

/** The way out that the environment names; undefined where it names none. */
export function proxyOfEnvironment(variables: Variables): OutgoingProxy | undefined {
  const named = (name: string) => {
    const found = variables.first(name.toLowerCase(), name)
    const value = found && variables.get(found)?.trim()
    if (found === undefined || !value) return undefined
    if (name !== 'NO_PROXY' && readProxy(value, name === 'SOCKS5_PROXY' ? 'socks5' : undefined) === undefined) {
      // Without it calls would go out directly, which is what a proxy is there to prevent.
      throw new ConfigError([`${variables.label(found)}: expected the URL of a proxy`])
    }
    return value
  }
  const socks = readProxy(named('SOCKS5_PROXY') ?? '', 'socks5')
  const http = readProxy(named('HTTP_PROXY') ?? '') ?? socks
  const https = readProxy(named('HTTPS_PROXY') ?? '') ?? socks
  if (http === undefined && https === undefined) return undefined
  return { http, https, no: named('NO_PROXY') }
}
