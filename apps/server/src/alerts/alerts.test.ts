import { createHmac } from 'node:crypto'
import {
  canary,
  completion,
  errorReply,
  type FakeUpstream,
  jsonReply,
  leaked,
  startFakeUpstream,
  tokens,
} from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { testFolder } from '../config/test-folder.ts'
import { Losses } from '../losses.ts'
import { type ObservedRig, startObserved, startService } from '../test-observed-rig.ts'
import { lossAlert } from './alert-texts.ts'

const folder = testFolder()

const secrets = {
  upstream: canary('u1'),
  second: canary('u2'),
  client: canary('c1'),
  path: canary('w1'),
  signing: canary('s1'),
  refusal: canary('r1'),
}

interface Told {
  readonly event: string
  readonly text: string
  readonly at: string
  readonly details: Record<string, unknown>
}

const yaml = (more: string) => (origin: string) =>
  `
providers:
  acme:
    type: openai-compatible
    baseUrl: ${origin}
    credentials: [{ apiKey: ${secrets.upstream} }, { apiKey: ${secrets.second} }]
models:
  - { name: main, deployments: [{ provider: acme, model: up, price: { input: 1000, output: 1000 } }] }
limits: { attempts: 1 }
${more}
`

async function startAlerting(hook: FakeUpstream, more = '', service?: FakeUpstream): Promise<ObservedRig> {
  const alerts = `alerts: { url: '${hook.origin}/hooks/${secrets.path}?a=b', secret: ${secrets.signing} }`
  return startObserved(folder, yaml(`${alerts}\n${more}`), { upstream: service })
}

async function told(hook: FakeUpstream, count: number): Promise<readonly Told[]> {
  const alerts: Told[] = []
  for (let n = 1; n <= count; n++) alerts.push(JSON.parse((await hook.received(n)).text))
  return alerts
}

test('fault 66: a disabled credential and an empty pool are told, once in an hour, signed and without secrets', async () => {
  await using hook = (await startFakeUpstream()).always(jsonReply({}))
  const closed = errorReply(401, { error: { message: secrets.refusal, code: 'account_deactivated' } })
  const service = await startService(closed)
  await using rig = await startAlerting(hook, '', service)
  for (let n = 0; n < 4; n++) await (await rig.ask('main')).text()
  const alerts = await told(hook, 3)
  expect(alerts.map(({ event }) => event)).toEqual(['credential-disabled', 'credential-disabled', 'pool-empty'])
  expect(alerts[2]).toMatchObject({
    text: expect.stringContaining('acme has no credential left'),
    at: '2026-01-01T00:00:00.000Z',
    details: { provider: 'acme', total: 2 },
  })
  expect(hook.requests).toHaveLength(3)
  const { headers, text, path } = await hook.received(1)
  expect(path).toBe(`/hooks/${secrets.path}?a=b`)
  const signature = createHmac('sha256', secrets.signing)
    .update(`${headers['x-dragoman-timestamp']}.${text}`)
    .digest('hex')
  expect(headers['x-dragoman-signature']).toBe(`sha256=${signature}`)
  const bodies = hook.requests.map((request) => request.text)
  expect(leaked(secrets, [bodies, rig.logged])).toEqual([])
})

test('a deployment that rests is told, and again when an hour has gone by', async () => {
  await using hook = (await startFakeUpstream()).always(jsonReply({}))
  await using rig = await startAlerting(hook, '', await startService(errorReply(500, secrets.refusal)))
  for (let n = 0; n < 5; n++) await (await rig.ask('main')).text()
  const [alert] = await told(hook, 1)
  expect(alert).toMatchObject({ event: 'deployment-resting', details: { target: 'acme/up', reason: 'failing' } })
  expect(hook.requests).toHaveLength(1)
  await rig.clock.advance(3_600_000)
  for (let n = 0; n < 4; n++) await (await rig.ask('main')).text()
  expect((await told(hook, 2))[1]).toMatchObject({ event: 'deployment-resting' })
})

test('a budget is told of when four fifths are used', async () => {
  await using hook = (await startFakeUpstream()).always(jsonReply({}))
  const service = await startService(completion({ text: 'hi', usage: tokens(10, 10) }))
  const clients = `clients: { keys: [{ key: ${secrets.client}, name: team, budget: { tokensPerDay: 100 } }] }`
  await using rig = await startAlerting(hook, clients, service)
  const headers = { authorization: `Bearer ${secrets.client}` }
  for (let n = 0; n < 3; n++) await (await rig.ask('main', { max_tokens: 5 }, headers)).text()
  expect(hook.requests).toHaveLength(0)
  await (await rig.ask('main', { max_tokens: 5 }, headers)).text()
  const [alert] = await told(hook, 1)
  expect(alert).toMatchObject({
    event: 'budget',
    text: 'The key team has used 80 % of its budget for the day 2026-01-01: 80 tokens of 100 tokens',
    details: { client: 'team', unit: 'tokens', period: 'day', used: 80, limit: 100, percent: 80 },
  })
  await (await rig.ask('main', { max_tokens: 5 }, headers)).text()
  expect(leaked(secrets, [hook.requests.map((request) => request.text)])).toEqual([])
})

test('a webhook that fails is tried again, and given up with one line in which its path is not', async () => {
  await using hook = await startFakeUpstream()
  hook.always(errorReply(503, secrets.refusal))
  await using rig = await startAlerting(hook, '', await startService(errorReply(500, 'x')))
  for (let n = 0; n < 3; n++) await (await rig.ask('main')).text()
  for (const [n, pause] of [1_000, 4_000, 16_000].entries()) {
    await hook.received(n + 1)
    await rig.clock.armed(pause)
    await rig.clock.advance(pause)
  }
  await hook.received(4)
  await expect.poll(() => rig.logged.filter((line) => line.includes('could not be sent'))).toHaveLength(1)
  expect(hook.requests).toHaveLength(4)
  expect(leaked(secrets, rig.logged)).toEqual([])
  expect((await rig.scrape()).text).toContain('dragoman_alerts_total{outcome="failed"} 1\n')
})

test('only what was asked for is told, and a reload changes it', async () => {
  await using hook = (await startFakeUpstream()).always(jsonReply({}))
  const alerts = (events: string) => `alerts: { url: '${hook.origin}/x', events: [${events}] }`
  const service = await startService(errorReply(500, 'x'))
  await using rig = await startObserved(folder, yaml(alerts('budget')), { upstream: service })
  for (let n = 0; n < 4; n++) await (await rig.ask('main')).text()
  expect(hook.requests).toHaveLength(0)
  await folder.write('dragoman.yaml', `server: { port: 0 }\n${yaml(alerts('deployment-resting'))(service.origin)}`)
  const outcome = await rig.server.reloader?.reload({ by: 'admin' })
  expect(outcome).toMatchObject({ result: 'applied' })
  await rig.clock.advance(60_000)
  for (let n = 0; n < 3; n++) await (await rig.ask('main')).text()
  expect(await told(hook, 1)).toMatchObject([{ event: 'deployment-resting' }])
  expect(JSON.stringify(outcome)).not.toContain(`${hook.origin}/x`)
})

test('records that are lost are counted, and told of with how many', () => {
  const seen: [string, number][] = []
  const losses = new Losses((store, lost) => seen.push([store, lost]))
  losses.count('ledger', 2)
  losses.count('ledger', 2)
  losses.count('ledger', 5)
  expect(seen).toEqual([
    ['ledger', 2],
    ['ledger', 5],
  ])
  expect([...losses.counts]).toEqual([['ledger', 5]])
  expect(lossAlert('ledger', 5)).toMatchObject({ event: 'log-loss', cause: 'ledger', details: { lost: 5 } })
})

test.each([
  ['no URL', '{ url: nowhere }', /alerts\.url: expected an http or https URL/],
  ['a password in it', `{ url: 'https://me:${secrets.path}@a.example/' }`, /alerts\.url: expected/],
  ['another scheme', "{ url: 'file:///etc/passwd' }", /alerts\.url: expected/],
  [
    'an event that is none',
    "{ url: 'https://a.example/', events: [pool-emtpy] }",
    /did you mean "pool-empty"|alerts\.events/,
  ],
  ['an empty secret', "{ url: 'https://a.example/', secret: '' }", /alerts\.secret/],
  ['a short secret', "{ url: 'https://a.example/', secret: abc }", /alerts\.secret/],
])('%s is refused, and not shown', async (_what, alerts, problem) => {
  const problems = await folder.problems(`alerts: ${alerts}`)
  expect(problems).toContainEqual(expect.stringMatching(problem))
  expect(leaked(secrets, problems)).toEqual([])
})
