import { DragomanError, type Provider, Secret } from '@dragoman/core'
import { staticCredentials } from '@dragoman/gateway'
import { expect, test } from 'vitest'
import { ConfigError } from '../config/config-error.ts'
import { testFolder } from '../config/test-folder.ts'
import { greeter, startTestServer } from '../test-server.ts'
import { parseArguments } from './arguments.ts'
import { explained } from './explain.ts'
import { urlOf } from './running-server.ts'

const { load, path } = testFolder()
const adminKey = 'an-admin-key-of-this-test'

const models = `
models:
  - name: glm
    aliases: [z]
    strategy: round-robin
    fallbacks: [spare]
    deployments: [{ provider: demo, model: demo, weight: 2, price: { input: 0.5, output: 2 } }]
  - { name: spare, variant: low, deployments: [{ provider: demo }] }
  - { name: spare, onContextTooLong: glm, deployments: [{ provider: demo, model: long }] }
`

/** A server of this folder; nothing listens at its address. */
const settingsOf = (yaml: string, port = 1) =>
  load(`server: { port: ${port} }\nstore: { path: ${path('data')} }\n${yaml}`, { env: { ADMIN_KEY: adminKey } })

test('a running server is asked, and tells who is out and why', async () => {
  const down: Provider = {
    ...greeter,
    id: 'down',
    chat: () => {
      throw new DragomanError('upstream_overloaded', 'too busy')
    },
  }
  const [one, two] = [greeter, down].map((provider) => ({
    id: provider.id,
    provider,
    credentials: staticCredentials([]),
  }))
  if (!one || !two) throw new Error('there are two')
  await using server = await startTestServer(greeter, {
    admin: { key: new Secret(adminKey) },
    gatewayOptions: {
      providers: [one, two],
      fallbackName: undefined,
      models: [
        {
          name: 'glm',
          deployments: [
            { entry: two, model: 'x' },
            { entry: one, model: 'y' },
          ],
        },
      ],
    },
  })
  for (let i = 0; i < 3; i++) {
    const body = JSON.stringify({ model: 'glm', messages: [{ role: 'user', content: 'Hi' }] })
    const headers = { 'content-type': 'application/json' }
    await (await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', headers, body })).text()
  }
  const settings = await settingsOf('', Number(new URL(server.url).port))
  const { stdout, stderr } = await explained({ model: 'glm', json: false }, settings)
  expect(stderr).toBe('')
  const [head, empty, titles, first, second, ...notes] = stdout.split('\n')
  expect(head).toBe('glm (a model group), strategy first, 1 of 2 targets well')
  expect(empty).toBe('')
  expect(titles?.split(/ {2,}/)).toEqual([
    '',
    'target',
    'state',
    'calls',
    'first token',
    'weight',
    'price',
    'credentials',
  ])
  expect(first?.split(/ {2,}/)).toEqual([
    '1',
    'greeter/y',
    'ready',
    '0',
    expect.stringMatching(/^\d+ ms$/),
    '1',
    'unknown',
    '1 ready',
  ])
  expect(second?.split(/ {2,}/)).toEqual(['2', 'down/x', 'resting', '0', '-', '1', 'unknown', '1 ready'])
  expect(notes.join('\n')).toMatch(/^2: rests until \S+Z: failing; last failure upstream_overloaded at \S+Z$/m)

  const json = JSON.parse((await explained({ model: 'glm', json: true }, settings)).stdout)
  expect(json).toMatchObject({ isLive: true, asked: 'glm', targets: [{ provider: 'greeter' }, { state: 'resting' }] })
  const unknown = explained({ model: 'glmm', json: false }, settings)
  await expect(unknown).rejects.toEqual(new ConfigError(['There is no model glmm; did you mean "glm"?']))
})

test('where none runs, the configuration is explained, and that is said', async () => {
  const settings = await settingsOf(models)
  const { stdout, stderr } = await explained({ model: 'z', json: false }, settings)
  expect(stderr).toContain(`no server answers at ${urlOf(settings)}`)
  expect(stdout).toContain('z -> glm (by an alias), strategy round-robin, 2 of 2 targets well\n')
  expect(stdout).toMatch(/^1 {2}demo\/demo {2}ready {2}0 {6}- {12}2 {7}\$0.5 in, \$2 out {2}1 ready$/m)
  expect(stdout).toContain('2: stands in from spare\n')
  expect((await explained({ model: 'spare', json: false }, settings)).stdout).toContain('too long for it goes to glm.')
  const low = await explained({ model: 'spare', variant: 'low', json: true }, settings)
  expect(JSON.parse(low.stdout)).toMatchObject({ isLive: false, variant: 'low', targets: [{ model: 'spare' }] })
})

test('with the name of a client key, its rights hold', async () => {
  const settings = await settingsOf(
    `${models}clients: { keys: [{ key: a-key-of-this-test-1, name: team, models: [glm] }] }`,
  )
  const { stdout } = await explained({ model: 'glm', key: 'team', json: false }, settings)
  expect(stdout).toContain('2: stands in from spare, which the key may not use\n')
  const denied = await explained({ model: 'spare', key: 'team', json: false }, settings)
  expect(denied.stdout).toContain('The key may not use this model')
})

test.each([
  [{ model: 'glmm' }, 'There is no model glmm; did you mean "glm"?'],
  [{ model: 'glm', variant: 'loww' }, 'No model group has the variant loww; did you mean "low"?'],
  [{ model: 'glm', key: 'team' }, 'There is no client key "team"'],
])('%j is a mistake that is told', async (query, problem) => {
  const settings = await settingsOf(`${models}clients: { keys: [{ key: a-key-of-this-test-1, name: crew }] }`)
  await expect(explained({ ...query, json: false }, settings)).rejects.toEqual(new ConfigError([problem]))
})

test('its arguments', () => {
  expect(parseArguments(['explain', 'glm', '--variant', 'low', '--json', '-p', '99'])).toEqual({
    name: 'explain',
    flags: { port: 99 },
    options: { model: 'glm', variant: 'low', json: true },
  })
  expect(parseArguments(['explain', '-h'])).toMatchObject({
    name: 'help',
    text: expect.stringContaining('explain MODEL'),
  })
})

test.each([
  [[], 'explain needs the name of a model'],
  [['a', 'b'], 'explain takes one model, found "b" too'],
  [['a', '--jsn'], 'explain has no option --jsn; did you mean "json"?'],
  [['a', '--variant'], '--variant needs a value'],
  [['a', '--port', 'x'], '--port: expected'],
])('explain %j is refused', (argv, problem) => {
  expect(() => parseArguments(['explain', ...argv])).toThrow(problem)
})
