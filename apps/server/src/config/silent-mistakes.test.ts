// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how the file refers to variables.
import { describe, expect, test } from 'vitest'
import { testFolder } from './test-folder.ts'

// Mistakes that would leave a setting out without a word: a server without its keys is an open one.

const { load, problems, write } = testFolder()
const key = 'c1ientkey-4f6a'

describe('.env', () => {
  test('a byte order mark is no part of the first name', async () => {
    await write('.env', `\ufeffAUTH_TOKEN=${key}\r\nPORT=9001\r\n`)
    expect(await load(undefined)).toMatchObject({ clients: { mode: 'keys' }, server: { port: 9001 } })
  })

  test('UTF-16 is refused', async () => {
    await write('.env', Buffer.from(`AUTH_TOKEN=${key}\n`, 'utf16le'))
    expect(await problems(undefined)).toEqual([expect.stringMatching(/\.env: is not UTF-8/)])
  })

  test('a line that assigns nothing is refused by its number, and not shown', async () => {
    await write('.env', `# keys\nPORT=9001\nA="several\nlines: of\n# text"\nAUTH_TOKEN: ${key}\n`)
    expect(await problems(undefined)).toEqual(['.env:6: expected NAME=value'])
  })

  test('comments, empty lines, export, quotes over several lines and empty values are right', async () => {
    await write('.env', `# c\n\n  export PORT = 9001\nA='x\ny: z'\nB=\nC=\`\n\`\nHOST=127.0.0.1 # here\n`)
    expect(await load(undefined)).toMatchObject({ server: { port: 9001, host: '127.0.0.1' } })
  })
})

describe('dragoman.yaml', () => {
  test('a default cannot hold another reference', async () => {
    const told = await problems('clients: { keys: ["${A:-${B}}"] }', { env: { B: key } })
    expect(told).toEqual([
      expect.stringMatching(/clients\.keys\[0\]: the default of \$\{A\} cannot hold another reference/),
    ])
  })

  test('merge keys are merged', async () => {
    const yaml = 'providers:\n  a: &a { type: demo }\n  b:\n    <<: *a\n    enabled: true\n'
    expect((await load(yaml)).providers.map(({ id, type }) => [id, type])).toEqual([
      ['a', 'demo'],
      ['b', 'demo'],
    ])
  })

  test('an alias of what it stands in is named, without a stack', async () => {
    expect(await problems('providers: &p\n  x: *p\n')).toEqual([expect.stringMatching(/nested too deep, or an alias/)])
  })

  test('a host may be named like a container, and is no URL', async () => {
    expect((await load("server: { hosts: ['my_app'] }")).server.hosts).toEqual(['my_app'])
    expect(await problems("server: { hosts: ['http://x'] }")).toEqual([
      expect.stringMatching(/expected an address or a/),
    ])
  })

  test.each(['https://*.example.com', 'https://user@example.com'])('the origin %s can match none', async (origin) => {
    expect(await problems(`server: { corsOrigins: ['${origin}'] }`)).toEqual([
      expect.stringMatching(/expected an origin/),
    ])
  })
})

test('a key that no header can carry is left aside with a note', async () => {
  const settings = await load(undefined, { env: { OPENAI_API_KEY: 'sk-real\u200breal' } })
  expect(settings.providers.map(({ id }) => id)).toEqual(['demo'])
  expect(settings.notices).toEqual([expect.stringMatching(/^OPENAI_API_KEY is not used: .*invisible/)])
})

test('a proxy that is none is refused in every spelling, and the environment beats .env in both', async () => {
  expect(await problems(undefined, { env: { https_proxy: 'htp://typo' } })).toEqual([
    expect.stringMatching(/https_proxy: expected the URL of a proxy/),
  ])
  await write('.env', 'http_proxy=http://from.file:1\n')
  const settings = await load('providers: { d: { type: demo } }', { env: { HTTP_PROXY: 'http://from.env:1' } })
  expect(settings.providers[0]?.proxy).toMatchObject({ http: 'http://from.env:1' })
})
