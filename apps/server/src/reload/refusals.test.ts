import { Secret } from '@dragoman/core'
import { expect, test } from 'vitest'
import { loadPresets, providerTypes } from '../compose.ts'
import { testFolder } from '../config/test-folder.ts'
import { refusals } from './refusals.ts'

const folder = testFolder()
const settings = (yaml: string) => folder.load(yaml, { factories: providerTypes, presets: loadPresets })

const demo = 'providers: { demo: { type: demo } }'
const keys = 'clients: { keys: [{ key: sk-a-client-of-ours, name: team }] }'
const up = (baseUrl: string, from: string, id = 'up') =>
  `${id}: { type: openai-compatible, baseUrl: ${baseUrl}, credentialsFrom: [${from}] }`
const [a, b] = ['https://a.example/v1', 'https://b.example/v1']

test.each([
  ['nothing has changed', `${demo}\n${keys}`, `${demo}\n${keys}`, undefined],
  [
    'it would be open to all until the address changes',
    `server: { host: 0.0.0.0 }\n${demo}\n${keys}`,
    demo,
    'clients: open mode cannot begin while the server listens on 0.0.0.0',
  ],
  ['it is open on this machine alone', `${demo}\n${keys}`, demo, undefined],
  [
    'a client has the admin key',
    demo,
    `${demo}\nclients: { keys: [{ key: the-admin-key-of-this, name: boss }] }`,
    'clients.keys: the key boss is the admin key',
  ],
  [
    'keys of a file would go elsewhere',
    `providers: { ${up(a, '{ file: k.txt }')} }`,
    `providers: { ${up(b, '{ file: k.txt }')} }`,
    'k.txt would be sent to https://b.example,',
  ],
  [
    'they would go elsewhere under another name',
    `providers: { ${up(a, '{ file: k.txt }')} }`,
    `providers: { ${up(a, '{ file: k.txt }')}, ${up(b, '{ file: k.txt }', 'two')} }`,
    'providers.two: the keys from',
  ],
  [
    'keys of a folder would go elsewhere',
    `providers: { ${up(a, '{ directory: keys }')} }`,
    `providers: { ${up(b, '{ directory: keys }')} }`,
    'keys would be sent to https://b.example,',
  ],
  [
    'keys of a variable would go elsewhere',
    `providers: { ${up(a, '{ env: POOL }')} }`,
    `providers: { ${up(b, '{ env: POOL }')} }`,
    'the keys from POOL would be sent',
  ],
  [
    'the service of a file is another one',
    'providers: { up: { type: openrouter, credentialsFrom: [{ file: k.txt }] } }',
    'providers: { up: { type: anthropic, credentialsFrom: [{ file: k.txt }] } }',
    'k.txt would be sent to https://api.anthropic.com,',
  ],
  [
    'the path of an address has changed',
    `providers: { ${up(a, '{ file: k.txt }')} }`,
    `providers: { ${up('https://a.example/v2', '{ file: k.txt }')} }`,
    undefined,
  ],
  [
    'a file is new',
    `providers: { ${up(a, '{ file: k.txt }')} }`,
    `providers: { ${up(b, '{ file: other.txt }')} }`,
    undefined,
  ],
  [
    'the keys stand beside the address',
    `providers: { up: { type: openai-compatible, baseUrl: ${a}, credentials: [{ apiKey: sk-w9x8v }] } }`,
    `providers: { up: { type: openai-compatible, baseUrl: ${b}, credentials: [{ apiKey: sk-w9x8v }] } }`,
    undefined,
  ],
])('where %s', async (_what, before, after, refusal) => {
  const running = await settings(before)
  const next = await settings(after)
  const context = { adminKey: new Secret('the-admin-key-of-this'), newOrigins: false }
  expect(refusals(running, next, context)).toEqual(refusal === undefined ? [] : [expect.stringContaining(refusal)])
})

test('the operator may say that keys go elsewhere', async () => {
  const running = await settings(`providers: { ${up(a, '{ file: k.txt }')} }`)
  const next = await settings(`providers: { ${up(b, '{ file: k.txt }')} }`)
  expect(refusals(running, next, { newOrigins: true })).toEqual([])
})
