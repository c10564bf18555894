import { expect, test } from 'vitest'
import { proxyFor } from './proxy-route.ts'

const proxies = { http: 'http://plain.proxy:3128', https: 'http://secure.proxy:3128' }

const route = (target: string, proxy: Parameters<typeof proxyFor>[1]) => proxyFor(new URL(target), proxy)?.href

test.each([
  ['https://api.example.com/v1', proxies, 'http://secure.proxy:3128/'],
  ['http://api.example.com/v1', proxies, 'http://plain.proxy:3128/'],
  ['https://api.example.com', { http: 'http://plain.proxy:3128' }, undefined],
  ['https://api.example.com', { https: '' }, undefined],
  ['https://api.example.com', {}, undefined],
  ['https://api.example.com', undefined, undefined],
  ['https://api.example.com', '', undefined],
  ['https://api.example.com', 'proxy.corp:8080', 'http://proxy.corp:8080/'],
  ['https://api.example.com', 'https://proxy.corp', 'https://proxy.corp/'],
  ['https://api.example.com', 'socks5://proxy.corp', 'socks5://proxy.corp'],
  ['https://api.example.com', 'socks5h://u:p@proxy.corp:1081', 'socks5://u:p@proxy.corp:1081'],
])('%s with %j goes through %s', (target, proxy, expected) => {
  expect(route(target, proxy)).toBe(expected)
})

test.each([
  'http://localhost:1234',
  'http://127.0.0.1',
  'http://127.8.8.8:80',
  'http://[::1]:80',
  'http://a.localhost',
])('%s is on this machine: only a proxy of its own is used for it', (target) => {
  expect(route(target, proxies)).toBeUndefined()
  expect(route(target, 'http://own.proxy')).toBe('http://own.proxy/')
})

test.each([
  ['https://api.example.com', '*', true],
  ['https://api.example.com', 'other.com, example.com', true],
  ['https://api.example.com', 'other.com .example.com', true],
  ['https://example.com', '.example.com', true],
  ['https://api.example.com', '*.example.com', true],
  ['https://example.com', '*.example.com', false],
  ['https://notexample.com', 'example.com', false],
  ['https://example.com.evil.org', 'example.com', false],
  ['https://API.Example.com.', 'EXAMPLE.com', true],
  ['https://api.example.com', 'api.example.com:443', true],
  ['https://api.example.com:8443', 'api.example.com:443', false],
  ['http://api.example.com', 'api.example.com:80', true],
  ['http://api.example.com', '*:80', true],
  ['https://api.example.com', '*:80', false],
  ['http://10.0.0.1:8080', '10.0.0.1:8080', true],
  ['http://10.0.0.1:8081', '10.0.0.1:8080', false],
  ['http://10.1.2.3', '10.0.0.0/8', true],
  ['http://11.1.2.3', '10.0.0.0/8', false],
  ['http://10.1.2.3', '10.0.0.0/99', false],
  ['http://api.example.com', '10.0.0.0/8', false],
  ['http://[fd00::1]:80', 'fd00::/8', true],
  ['http://[fd00::1]:80', '[fd00::1]:80', true],
  ['http://[fd00::1]:81', '[fd00::1]:80', false],
  ['http://[fd00::1]', 'fd00::1', true],
  ['https://api.example.com', ' , ,', false],
  ['https://api.example.com', '', false],
])('%s with the exceptions %j is reached directly: %s', (target, no, isDirect) => {
  expect(route(target, { ...proxies, no }) === undefined).toBe(isDirect)
})

test.each(['ftp://proxy.corp', 'http://', 'socks4://proxy.corp', 'http://user:canary@bad host'])(
  'the proxy %j is refused, and not repeated',
  (proxy) => {
    expect(() => route('https://api.example.com', proxy)).toThrow('A proxy has to be an http://')
    expect(() => route('https://api.example.com', proxy)).not.toThrow('canary')
  },
)
