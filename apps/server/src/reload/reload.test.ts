import { request as httpRequest } from 'node:http'
import { chatChunks, errorReply, eventStream, gate, sse } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { testFolder } from '../config/test-folder.ts'
import { says } from '../faults/test-rig.ts'
import { changesOf, startListed, startReloadRig } from './test-reload-rig.ts'

const folder = testFolder()

const up = (origin: string, more = '') =>
  `up: { type: openai-compatible, baseUrl: '${origin}/v1', credentials: [{ apiKey: sk-first-of-the-keys }]${more} }`

test('a file that has changed is read when it has looked the same twice, once, and what is otherwise is told', async () => {
  await using upstream = await startListed()
  upstream.always(says('hi'))
  await using rig = await startReloadRig(folder, `providers: { ${up(upstream.origin)} }`)
  expect((await rig.admin('reload')).json).toEqual({ last: null, leaving: 0 })
  await rig.look(2)
  expect((await rig.admin('reload')).json.last).toBeNull()

  await rig.write(`providers: { ${up(upstream.origin)}, demo: { type: demo } }\nlimits: { attempts: 5 }`)
  await rig.look()
  expect((await rig.ask('demo/demo')).status).toBe(404)
  await rig.look()
  expect((await rig.ask('demo/demo')).status).toBe(200)
  const { last } = (await rig.admin('reload')).json
  expect(last).toMatchObject({ result: 'applied', by: 'file', problems: [] })
  expect(changesOf(last ?? {})).toEqual(['providers.demo: added', 'limits.attempts: 3 -> 5'])
  expect(rig.logged.join()).toContain('The configuration was reloaded: providers.demo: added; limits.attempts: 3 -> 5')

  const logged = rig.logged.length
  await rig.look(3)
  expect(rig.logged).toHaveLength(logged)
})

test('a check changes nothing, and says what would be otherwise', async () => {
  await using upstream = await startListed()
  upstream.always(says('hi'))
  await using rig = await startReloadRig(folder, `providers: { ${up(upstream.origin)} }`)
  await rig.ask('up/m')
  await rig.write(`providers: { ${up(upstream.origin, ', pool: { maxConcurrent: 1 }')} }\ndefaultModel: up/m`)
  const checked = await rig.reload('?dryRun=true')
  expect(checked.result).toBe('checked')
  expect(changesOf(checked)).toEqual(['providers.up.pool.maxConcurrent: added', 'defaultModel: added'])
  expect((await rig.ask('any name')).status).toBe(404)
  expect((await rig.admin('reload')).json).toEqual({ last: null, leaving: 0 })
  expect(changesOf(await rig.reload())).toHaveLength(2)
  expect((await rig.ask('any name')).status).toBe(200)
})

test('what is fixed until a restart is named, and the rest is applied', async () => {
  await using rig = await startReloadRig(folder, 'providers: { demo: { type: demo } }')
  const { url } = rig.server
  await folder.write(
    'dragoman.yaml',
    'server: { port: 4711, hosts: [my-host] }\nstore: { path: elsewhere }\nproviders: { demo: { type: demo } }',
  )
  const reloaded = await rig.reload()
  expect(changesOf(reloaded)).toEqual([
    'server.port: 0 -> 4711 (after a restart)',
    'server.hosts: [] -> ["my-host"]',
    `store.path: "${folder.path('data')}" -> "${folder.path('elsewhere')}" (after a restart)`,
    `vault.path: "${folder.path('data/sessions')}" -> "${folder.path('elsewhere/sessions')}" (after a restart)`,
  ])
  expect((await fetch(`${url}/health`)).status).toBe(200)
  const { config } = (await rig.admin('config')).json
  expect(config).toMatchObject({ server: { port: 0, hosts: ['my-host'] }, 'store.path': folder.path('data') })
  expect(await rig.reload()).toMatchObject({ result: 'unchanged', changes: [{ needsRestart: true }, {}, {}] })
})

test('a file that is gone or empty leaves everything as it is: without it the server would be open to all', async () => {
  await using rig = await startReloadRig(
    folder,
    'clients: { keys: [sk-a-client-of-ours] }\nproviders: { demo: { type: demo } }',
  )
  await folder.write('.env', '')
  await folder.write('dragoman.yaml', '')
  await rig.look(2)
  expect((await rig.admin('reload')).json.last).toMatchObject({
    result: 'refused',
    problems: ['dragoman.yaml: is gone or empty; to go on without it, restart the server'],
  })
  await folder.remove('dragoman.yaml')
  expect((await rig.admin('reload', 'POST')).json.error?.message).toContain('dragoman.yaml: is gone or empty')
  expect((await rig.ask('demo')).status).toBe(401)
  expect((await rig.ask('demo/demo', {}, { authorization: 'Bearer sk-a-client-of-ours' })).status).toBe(200)
})

test('client keys come and go with the file', async () => {
  const keys = (list: string) => `clients: { keys: [${list}] }\nproviders: { demo: { type: demo } }`
  await using rig = await startReloadRig(folder, keys('{ key: sk-one-of-the-keys, name: one }'))
  const statusOf = async (key: string) => (await rig.ask('demo/demo', {}, { authorization: `Bearer ${key}` })).status
  expect([await statusOf('sk-one-of-the-keys'), await statusOf('sk-two-of-the-keys')]).toEqual([200, 401])
  await rig.write(keys('{ key: sk-two-of-the-keys, name: two }'))
  expect(changesOf(await rig.reload())).toEqual(['clients.keys.two: added', 'clients.keys.one: removed'])
  expect([await statusOf('sk-one-of-the-keys'), await statusOf('sk-two-of-the-keys')]).toEqual([401, 200])

  await rig.write(keys(`{ key: an-admin-key-of-this-test, name: two }`))
  const refused = await rig.admin('reload', 'POST')
  expect(refused).toMatchObject({ status: 400, json: { error: { code: 'config_invalid' } } })
  expect(refused.json.error?.message).toContain('clients.keys: the key two is the admin key')
  expect([await statusOf('sk-one-of-the-keys'), await statusOf('sk-two-of-the-keys')]).toEqual([401, 200])
})

test('those who ask at the same time share a reload; who asks while one runs gets another', async () => {
  await using rig = await startReloadRig(folder, 'providers: { demo: { type: demo } }')
  await rig.write('providers: { demo: { type: demo } }\nlimits: { attempts: 4 }')
  const { reloader } = rig.server
  const [first, second, check] = [{}, {}, { dryRun: true }].map((more) => reloader?.reload({ by: 'signal', ...more }))
  expect((await first)?.result).toBe('applied')
  const later = reloader?.reload({ by: 'file' })
  expect(await second).toBe(await first)
  expect([await check, await later].map((outcome) => outcome?.result)).toEqual(['checked', 'unchanged'])
  expect(rig.loads).toBe(1 + 3)
})

test('a request that never becomes whole does not keep its configuration for ever', async () => {
  await using rig = await startReloadRig(folder, 'providers: { demo: { type: demo } }')
  const sent = httpRequest(`${rig.server.url}/v1/chat/completions`, { method: 'POST' })
  sent.on('error', () => {}) // the server ends before it does
  await new Promise<void>((resolve) => {
    sent.write('{', () => resolve())
  })
  // What came before it is answered, so it has come.
  await rig.ask('demo/demo')
  await rig.write('providers: { demo: { type: demo } }\nlimits: { totalMs: 900000 }')
  await rig.reload()
  expect((await rig.admin('reload')).json.leaving).toBe(1)
  await rig.clock.advance(3_600_000 + 500)
  expect((await rig.admin('reload')).json.leaving).toBe(0)
  sent.destroy()
})

test('what is the same keeps its sockets, its cooldowns and its counts; what is otherwise gets its own', async () => {
  await using upstream = await startListed()
  const first = gate()
  upstream.script(errorReply(402, 'Nothing is left on this account'))
  const pool = (text: string) =>
    `providers: { up: { type: openai-compatible, baseUrl: '${upstream.origin}/v1', ` +
    `credentials: [{ apiKey: sk-first-of-the-keys }, { apiKey: sk-second-of-the-keys }], ${text} } }`
  await using rig = await startReloadRig(folder, pool('pool: {}'))
  const frames = sse(...chatChunks({ text: ['one', 'two'] }), '[DONE]')
  upstream.script(eventStream([...frames.slice(0, 2), first, ...frames.slice(2)]))
  const open = await rig.open('up/m', { stream: true })
  const states = async () => {
    const { json } = await rig.admin('tokens/stats')
    const { token_details: tokens } = json as unknown as { token_details: readonly Record<string, unknown>[] }
    return tokens.map(({ id, state, in_flight }) => `${id} ${state} ${in_flight}`)
  }
  const before = await states()
  expect(before).toEqual(['up:1 cooling 0', 'up:2 ready 1'])

  // The provider is another one, the credentials and where they go are not.
  await rig.write(pool('headers: { x-more: "1" }, pool: { maxConcurrent: 1, strategy: round-robin, waitMs: 1 }'))
  await rig.reload()
  expect(await states()).toEqual(before)
  const waiting = rig.ask('up/m')
  await rig.clock.armed(1)
  await rig.clock.advance(1)
  expect((await waiting).status).not.toBe(200)
  first.open()
  expect(await open.text()).toContain('"content":"two"')
  expect(await states()).toEqual(['up:1 cooling 0', 'up:2 ready 0'])
  upstream.always(says('hi'))
  expect((await rig.ask('up/m')).status).toBe(200)
  expect(upstream.requests.at(-1)?.headers).toMatchObject({
    'x-more': '1',
    authorization: 'Bearer sk-second-of-the-keys',
  })

  // Only something else is another one: not even a socket is.
  const { accepted } = upstream.connections
  await rig.write(
    `${pool('headers: { x-more: "1" }, pool: { maxConcurrent: 1, strategy: round-robin, waitMs: 1 }')}\nlimits: { attempts: 5 }`,
  )
  await rig.reload()
  expect((await rig.ask('up/m')).status).toBe(200)
  expect(upstream.connections.accepted).toBe(accepted)
})
