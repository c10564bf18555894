import { writeFile } from 'node:fs/promises'
import {
  canary,
  chatChunks,
  errorReply,
  eventStream,
  type FakeUpstream,
  gate,
  jsonReply,
  leaked,
  sse,
  startFakeUpstream,
} from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import * as k2think from '../../../../packages/provider-k2think/src/web/test-site.ts'
import { testFolder } from '../config/test-folder.ts'
import { startListed, startReloadRig } from '../reload/test-reload-rig.ts'
import { says } from './test-rig.ts'

const folder = testFolder()

const key = canary('of-up')
const apis = (...services: readonly (readonly [string, FakeUpstream])[]) =>
  services.map(
    ([id, { origin }]) =>
      `  ${id}: { type: openai-compatible, baseUrl: '${origin}/v1', credentials: [{ apiKey: ${key} }] }\n`,
  )
/** All that a service was sent, as text. */
const sentTo = ({ requests }: FakeUpstream) => requests.map(({ path, headers, text }) => ({ path, headers, text }))

const providers = (lines: readonly string[]) => `providers:\n${lines.join('')}`

test.each([
  { what: 'is no YAML', bad: 'providers: [', says: /dragoman\.yaml:\d+/ },
  {
    what: 'has an unknown setting',
    bad: 'limits: { atempts: 3 }',
    says: /dragoman\.yaml:2: limits.*atempts.*attempts/,
  },
  {
    what: 'has a value that no factory takes',
    bad: 'providers: { up: { type: openai-compatible } }',
    says: /providers\.up/,
  },
  {
    what: 'has credentials whose folder is the server’s own',
    bad: 'providers: { demo: { type: demo }, up: { type: openrouter, credentialsFrom: [{ directory: data }] } }',
    says: /providers\.up\.credentialsFrom: .* put these credentials into another folder/,
  },
])(
  'fault 84: a configuration that $what, written under load: no request fails, the old one stays, and it is said why',
  async ({ bad, says: expected }) => {
    await using upstream = await startListed()
    upstream.always(says('hi'))
    await using rig = await startReloadRig(folder, providers(apis(['up', upstream])))
    let isOver = false
    const load = Array.from({ length: 4 }, async () => {
      const seen: (number | string)[] = []
      while (!isOver) {
        const { status, content } = await rig.ask('up/m', { stream: seen.length % 2 === 0 })
        seen.push(status === 200 ? content : status)
      }
      return seen
    })
    await rig.write(bad)
    await rig.look(2)
    const { status, json } = await rig.admin('reload', 'POST')
    isOver = true
    const seen = (await Promise.all(load)).flat()
    expect(seen.length).toBeGreaterThan(4)
    expect(new Set(seen)).toEqual(new Set(['hi']))
    expect(status).toBe(400)
    expect(json.error?.message).toMatch(expected)
    const { last } = (await rig.admin('reload')).json
    expect(last).toMatchObject({ result: 'refused', by: 'admin', problems: [expect.stringMatching(expected)] })
    const lines = rig.logged.filter((line) => line.includes('was not reloaded'))
    expect(lines).toHaveLength(2)
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ level: 50, msg: expect.stringMatching(expected) })
    expect(leaked({ key }, [json, last, rig.logged])).toEqual([])
  },
)

describe('fault 85: a target that is taken out while it streams', () => {
  const frames = sse(...chatChunks({ text: ['one', 'two'] }), '[DONE]')

  test('the open stream ends in its own time, and then its sockets are closed; others never notice', async () => {
    await using gone = await startListed()
    await using stays = await startListed()
    stays.always(says('hi'))
    const rest = gate()
    gone.script(eventStream([...frames.slice(0, 2), rest, ...frames.slice(2)]))
    await using rig = await startReloadRig(folder, providers(apis(['gone', gone], ['stays', stays])))
    await rig.ask('stays/m')
    const { accepted } = stays.connections
    const open = await rig.open('gone/m', { stream: true })

    await rig.write(providers(apis(['stays', stays])))
    await rig.reload()
    expect((await rig.ask('gone/m')).status).toBe(404)
    expect((await rig.ask('stays/m')).content).toBe('hi')
    expect((await rig.admin('reload')).json.leaving).toBe(1)
    expect(gone.connections.open).toBeGreaterThan(0)

    rest.open()
    const text = await open.text()
    expect(text).toContain('"content":"two"')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    await gone.idle()
    expect((await rig.admin('reload')).json.leaving).toBe(0)
    expect(stays.connections.accepted).toBe(accepted)
  })

  test('one that would never end is ended at its limit, also when its target came back', async () => {
    await using upstream = await startListed()
    upstream.script(eventStream([...frames.slice(0, 2), gate()]))
    upstream.always(says('hi'))
    const limits = '\nlimits: { totalMs: 900000, idleMs: 800000 }'
    await using rig = await startReloadRig(folder, `${providers(apis(['up', upstream]))}${limits}`)
    const open = await rig.open('up/m', { stream: true })
    await rig.write(`providers: { demo: { type: demo } }${limits}`)
    await rig.reload()
    await rig.write(`${providers(apis(['up', upstream]))}${limits}`)
    await rig.reload()
    expect((await rig.ask('up/m')).content).toBe('hi')
    const ending = open.text()
    await rig.clock.advance(900_000)
    const text = await ending
    expect(text).toContain('"error"')
    expect(text).not.toContain('[DONE]')
    await rig.clock.advance(500)
    expect((await rig.admin('reload')).json.leaving).toBe(0)
  })
})

describe('fault 64: a base URL that changes', () => {
  const secrets = { session: k2think.jwt(4_000_000_000), password: k2think.account.password }
  const account = (origin: string, more = '') =>
    `providers: { k2: { type: k2think-web, baseUrl: '${origin}'${more}, credentials: [${JSON.stringify(k2think.account)}] } }`

  test('no session that was stored for one address is sent to another, not after a restart either', async () => {
    await using site = await k2think.startSite()
    await using other = await startFakeUpstream()
    other.always(jsonReply({ detail: 'no' }, 401))
    site.answer(k2think.snapshots('x</think>one'), k2think.snapshots('x</think>two'))
    {
      await using rig = await startReloadRig(folder, account(site.upstream.origin))
      expect((await rig.ask('k2/MBZUAI-IFM/K2-Think')).content).toBe('one')
      await rig.write(account(other.origin))
      await rig.reload()
      expect((await rig.ask('k2/MBZUAI-IFM/K2-Think')).status).not.toBe(200)
      expect(leaked({ session: secrets.session }, sentTo(other))).toEqual([])
    }
    {
      await using rig = await startReloadRig(folder, account(other.origin))
      expect((await rig.ask('k2/MBZUAI-IFM/K2-Think')).status).not.toBe(200)
    }
    expect(other.requests.length).toBeGreaterThan(0)
    expect(leaked({ session: secrets.session }, sentTo(other))).toEqual([])
    // The password stands beside the address: it is meant for it. The session is found again where it is from.
    expect(leaked({ password: secrets.password }, sentTo(other))).toEqual(['password'])
    await using rig = await startReloadRig(folder, account(site.upstream.origin, ', timezone: Europe/Lisbon'))
    expect((await rig.ask('k2/MBZUAI-IFM/K2-Think')).content).toBe('two')
    expect(site.paths().filter((path) => path.endsWith('/signin'))).toHaveLength(1)
  })

  const fromFile = (origin: string, more = '') =>
    `providers: { up: { type: openai-compatible, baseUrl: '${origin}/v1', credentialsFrom: [{ file: keys.txt }] } }${more}`

  test('keys from files are sent to no other address, unless the operator says so', async () => {
    await using first = await startListed()
    await using second = await startListed()
    first.always(says('first'))
    second.always(says('second'))
    const stored = canary('stored')
    await writeFile(folder.path('keys.txt'), `${stored}\n`, { mode: 0o600 })
    await using rig = await startReloadRig(folder, fromFile(first.origin))
    expect((await rig.ask('up/m')).content).toBe('first')

    await rig.write(fromFile(second.origin))
    await rig.look(2)
    const { json } = await rig.admin('reload', 'POST')
    expect(json.error?.message).toContain(`keys.txt would be sent to ${second.origin}, where they were not sent before`)
    expect(json.error?.message).toContain('dragoman reload --new-origins')
    expect((await rig.ask('up/m')).content).toBe('first')
    // A deployment that goes elsewhere takes the keys along as well.
    const deployments = `[{ provider: up, baseUrl: '${second.origin}/v1' }]`
    await rig.write(fromFile(first.origin, `\nmodels: [{ name: m, deployments: ${deployments} }]`))
    expect((await rig.admin('reload', 'POST')).status).toBe(400)
    expect(second.requests).toEqual([])
    expect(leaked({ stored }, [rig.logged, json])).toEqual([])

    await rig.write(fromFile(second.origin))
    expect(await rig.reload('?newOrigins=true')).toMatchObject({ result: 'applied' })
    expect((await rig.ask('up/m')).content).toBe('second')
  })

  test.each([
    ['a credential', 402],
    ['a target', 503],
  ])('what is known of %s at one address does not hold at another', async (_what, status) => {
    await using first = await startListed()
    await using second = await startListed()
    first.always(errorReply(status))
    second.always(says('second'))
    const groups = 'models: [{ name: m, deployments: [{ provider: up, model: m }, { provider: demo, model: demo }] }]'
    const yaml = (service: FakeUpstream) =>
      `${providers([...apis(['up', service]), '  demo: { type: demo }\n'])}${groups}`
    await using rig = await startReloadRig(folder, yaml(first))
    const servedBy = async () => (await rig.ask('m')).headers.get('x-gateway-provider')
    for (let n = 0; n < 4; n++) expect(await servedBy()).toBe('demo')
    const { length } = first.requests
    await rig.write(`${yaml(first)}\nlimits: { attempts: 4 }`)
    await rig.reload()
    expect(await servedBy()).toBe('demo')
    expect(first.requests).toHaveLength(length)
    await rig.write(yaml(second))
    await rig.reload()
    expect(await servedBy()).toBe('up')
  })
})
