// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how the file refers to variables.
import { chmod, stat } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { fakeFactories } from './fake-factories.ts'
import type { LoadOptions } from './load.ts'
import { testFolder } from './test-folder.ts'
import { nameOfUnnamed } from './unnamed-key.ts'

const folder = testFolder()
const { load, problems: problemsOf, write } = folder

const key = 'c1ientkey-4f6a'
const upstreamKey = 'up5tream-9b1c'

describe('what is filled in', () => {
  test('without anything there are the defaults, and the type that needs nothing', async () => {
    const settings = await load(undefined)
    expect(settings).toMatchObject({
      server: { host: '127.0.0.1', port: 8787, maxConnections: 8192, hosts: [], corsOrigins: undefined },
      clients: { mode: 'open' },
      providers: [{ id: 'demo', type: 'demo', options: {}, credentials: [], limits: {}, origin: 'built-in' }],
      models: [],
      defaultModel: 'demo',
      log: { level: 'info', format: 'auto', access: true },
      notices: [],
      sources: [],
    })
    expect(settings.limits).toEqual({
      connectMs: 10_000,
      headersMs: 60_000,
      wholeHeadersMs: 300_000,
      firstTokenMs: 120_000,
      idleMs: 120_000,
      totalMs: 3_600_000,
      heartbeatMs: 15_000,
      graceMs: 8_000,
      maxBodyBytes: 33_554_432,
      maxBodiesBytes: 268_435_456,
      maxEventBytes: 8_388_608,
      maxAnswerBytes: 268_435_456,
      attempts: 3,
    })
  })

  test('media may be fetched from what outbound.allow lists, and from nothing private without it', async () => {
    expect((await load('')).mediaFrom).toEqual([])
    const listed = ['10.1.2.3', '10.1.0.0/16', 'fd12::/16', 'files.internal']
    expect((await load(`outbound: { allow: ${JSON.stringify(listed)} }`)).mediaFrom).toEqual(listed)
  })

  test.each(['10.1.0.0/33', 'http://files.internal', 'files.internal:80', '::/200', '10.1.0.0/'])(
    '%s is nothing that outbound.allow could list',
    async (entry) => {
      expect(await problemsOf(`outbound: { allow: ['${entry}'] }`)).toEqual([
        expect.stringMatching(/outbound\.allow\[0\].* a network such as 10\.1\.0\.0\/16/),
      ])
    },
  )

  test('a file makes providers with secrets, model groups and limits', async () => {
    const settings = await load(
      `
clients: { keys: ['\${CLIENT}', { key: '\${TEAM}', name: team }] }
providers:
  main:
    type: openai-compatible
    baseUrl: https://main.example/v1
    limits: { idleMs: 5000 }
    credentials: [{ apiKey: '\${UP}' }, { apiKey: '\${UP:-x}-2' }]
  mail: { type: account, credentials: [{ email: '\${MAIL}', password: '\${PASS}' }] }
models:
  - name: big
    deployments:
      - { provider: main, model: big-1, stream: never, limits: { firstTokenMs: 600000 } }
      - { provider: mail }
  - { name: 'main/*', deployments: [{ provider: main }] }
defaultModel: big
limits: { totalMs: 60000 }
`,
      { env: { CLIENT: key, TEAM: `${key}-2`, UP: upstreamKey, MAIL: 'a@b.example', PASS: 'pa55 word' } },
    )
    expect(settings.clients).toMatchObject({
      mode: 'keys',
      keys: [{ name: nameOfUnnamed('key', key) }, { name: 'team' }],
    })
    expect(settings.clients.mode === 'keys' && settings.clients.keys.map((client) => client.key.reveal())).toEqual([
      key,
      `${key}-2`,
    ])
    const [main, mail] = settings.providers
    expect(main).toMatchObject({
      id: 'main',
      origin: 'file',
      options: { baseUrl: 'https://main.example/v1', stream: 'auto', retain: false, weight: 0.5, headers: {} },
      limits: { idleMs: 5000 },
    })
    expect(main?.credentials.map(({ from, values }) => [from, values.apiKey?.reveal()])).toEqual([
      ['configuration', upstreamKey],
      ['configuration', `${upstreamKey}-2`],
    ])
    expect(mail?.options).toEqual({ region: 'global' })
    expect(mail?.credentials[0]?.values.password?.reveal()).toBe('pa55 word')
    expect(settings.models).toEqual([
      {
        name: 'big',
        deployments: [
          {
            provider: 'main',
            model: 'big-1',
            limits: { firstTokenMs: 600_000 },
            options: { baseUrl: 'https://main.example/v1', stream: 'never', retain: false, weight: 0.5, headers: {} },
          },
          { provider: 'mail', model: undefined, limits: undefined, options: undefined },
        ],
      },
      { name: 'main/*', deployments: [expect.objectContaining({ provider: 'main' })] },
    ])
    expect(settings).toMatchObject({ defaultModel: 'big', limits: { totalMs: 60_000, attempts: 3 }, notices: [] })
    expect(settings.sources).toEqual(['dragoman.yaml'])
  })

  test('a filled text is read as the number, or the true or false, that is expected; a written one is not', async () => {
    const yaml = (port: string) => `
server: { port: ${port} }
limits: { headersMs: '\${MS}' }
log: { access: '\${ACCESS:-false}' }
providers: { a: { type: openai-compatible, preset: openai, weight: '\${W}' } }
models: [{ name: m, deployments: [{ provider: a, retain: '\${RETAIN}' }] }]
`
    const env = { PORT_: '9000', MS: '1500', W: '0.25', RETAIN: 'true' }
    const settings = await load(yaml(`'\${PORT_}'`), { env })
    expect(settings).toMatchObject({ server: { port: 9000 }, limits: { headersMs: 1500 }, log: { access: false } })
    expect(settings.providers[0]?.options.weight).toBe(0.25)
    expect(settings.models[0]?.deployments[0]?.options).toMatchObject({ weight: 0.25, retain: true })
    expect(await problemsOf(yaml(`'9000'`), { env })).toEqual([
      'dragoman.yaml:2: server.port: expected a whole number from 0 to 65535, found "9000"',
    ])
  })

  test('what a variable holds is never read as YAML', async () => {
    const env = { EVIL: 'x\nclients: open\nserver: {port: 1}', K: key }
    const settings = await load(`clients: { keys: [{ key: '\${K}', name: '\${EVIL}' }] }`, { env })
    expect(settings).toMatchObject({ clients: { mode: 'keys', keys: [{ name: env.EVIL }] }, server: { port: 8787 } })
  })

  test('a provider that is not enabled is left out with the deployments that name it, and needs no key', async () => {
    const settings = await load(`
providers:
  off: { type: openai-compatible, baseUrl: '\${NOT_SET}', enabled: false, credentials: [{ apiKey: '\${NOT_SET}' }] }
  on: { type: openai-compatible, preset: other }
models:
  - { name: both, deployments: [{ provider: off }, { provider: on }] }
  - { name: gone, deployments: [{ provider: off }] }
`)
    expect(settings.providers.map(({ id }) => id)).toEqual(['on'])
    expect(settings.models).toMatchObject([{ name: 'both', deployments: [{ provider: 'on' }] }])
    expect(settings.notices).toEqual([
      'gone is left out: its providers are not enabled',
      'on has no credentials, and its service asks for one',
    ])
    const offOnly = `providers: { a: { type: account, enabled: '\${OFF}', credentials: [{ token: '\${NOT_SET}' }] } }`
    expect(await problemsOf(offOnly, { env: { OFF: 'false' } })).toEqual([
      'dragoman.yaml:1: providers: none is enabled: enable one, or remove the section, and the server looks for some itself',
    ])
  })

  test.each([
    ['{ a: { type: account }, b: { type: openai-compatible, preset: other } }', 'b/other-large'],
    ['{ a: { type: demo } }', 'demo'],
    ['{ a: { type: account } }', undefined],
  ])('without defaultModel, providers %s have the default %s', async (providers, expected) => {
    expect((await load(`providers: ${providers}`)).defaultModel).toBe(expected)
  })

  test('an empty file, and sections with nothing in them, ask for nothing', async () => {
    expect(await load('# nothing yet\n')).toMatchObject({ sources: ['dragoman.yaml'], defaultModel: 'demo' })
    expect(await load('server:\n  host:\nproviders: {}\nmodels:\n')).toMatchObject({ server: { host: '127.0.0.1' } })
  })
})

describe('what is refused', () => {
  test.each([
    // [file, problems]
    ['server: { hots: ::1 }', ['1: server.hots: unknown key; did you mean "host"?']],
    ['sever: {}', ['1: sever: unknown key; did you mean "server"?']],
    ['log: { colour: red }', ['1: log.colour: unknown key; known here: level, format, access']],
    [
      'log: { level: warning }',
      [
        '1: log.level: expected one of "trace", "debug", "info", "warn", "error", "silent", found "warning"; did you mean "warn"?',
      ],
    ],
    ['log: { access: yes }', ['1: log.access: expected true or false, found "yes"']],
    ['server:\n  port: 70000', ['2: server.port: expected a whole number from 0 to 65535, found 70000']],
    [
      'server: { host: "http://x" }',
      ['1: server.host: expected an address or a host name, without scheme and port, found "http://x"'],
    ],
    [
      'server: { corsOrigins: [https://a.example/x] }',
      [
        '1: server.corsOrigins[0]: expected an origin such as https://chat.example.com, without a path, found "https://a.example/x"',
      ],
    ],
    [
      'limits: { idleMs: 99999999999 }',
      ['1: limits.idleMs: expected milliseconds from 1 to 2147483647, found 99999999999'],
    ],
    ['limits: { attempts: 0 }', ['1: limits.attempts: expected a whole number from 1 to 100, found 0']],
    [
      'limits: { maxBodyBytes: 1000, maxBodiesBytes: 10 }',
      ['1: limits.maxBodiesBytes: one body may have 1000 bytes, but all of them only 10'],
    ],
    ['[1]', ['1: expected a map, found a list']],
    [
      'clients: closed',
      ['1: clients: expected "open", "keys", a map { open, onNetwork } or a map { keys, onRevoke }, found a string'],
    ],
    ['clients: { open: false }', ['1: clients.open: expected true, found false']],
    ['clients: { key: abc }', ['1: clients.key: unknown key; did you mean "keys"?']],
    ['clients: { keys: [12345678] }', ['1: clients.keys[0]: expected a string or a map, found a number']],
    ["clients: { keys: [''] }", ['1: clients.keys[0]: is empty: make a key with `openssl rand -hex 32`']],
    [
      'clients: { keys: [{ key: changeme }] }',
      ['1: clients.keys[0].key: is a placeholder, not a secret of yours: make a key with `openssl rand -hex 32`'],
    ],
    [
      'clients: { keys: ["two words"] }',
      [
        '1: clients.keys[0]: has a space or a letter outside ASCII, which no header can carry: make a key with `openssl rand -hex 32`',
      ],
    ],
    [`clients:\n  keys:\n    - ${key}\n    - key: ${key}`, ['4: clients.keys[1]: the same key as clients.keys[0]']],
    [
      `clients: { keys: [{ key: ${key}, name: team }, { key: ${key}2, name: team }] }`,
      ['1: clients.keys[1]: the same name as clients.keys[0]'],
    ],
    [
      'server: { corsOrigins: ["*"] }',
      [
        '1: server.corsOrigins: "*" would let every web page use your providers in open mode: name the origins, or set client keys',
      ],
    ],
    [
      'proxy: ftp://me:hunter22@proxy.example',
      [
        '1: proxy: expected the URL of a proxy (http, https or socks5), "direct" or a map { http, https, no }, found a string',
      ],
    ],
    [
      'proxy: { https: "me:hunter22@proxy" }',
      ['1: proxy.https: expected the URL of a proxy (http, https or socks5), found "***@proxy"'],
    ],
    [
      'providers: { a: { type: openai } }',
      [
        '1: providers.a.type: expected one of "openai-compatible", "account", "demo", found "openai"; did you mean "openai-compatible"?',
      ],
    ],
    [
      'providers: { a: {} }',
      ['1: providers.a.type: expected one of "openai-compatible", "account", "demo", found nothing'],
    ],
    ['providers:\n  a:', ['2: providers.a: expected a map, found nothing']],
    [
      'providers: { "A b": { type: demo } }',
      ['1: providers["A b"]: the id of a provider is made of a-z, 0-9 and -, and does not start with -'],
    ],
    [
      'providers: { a: { type: openai-compatible } }',
      ['1: providers.a.baseUrl: expected a baseUrl, or a preset that has one, found nothing'],
    ],
    [
      'providers: { a: { type: openai-compatible, baseUrl: nowhere } }',
      ['1: providers.a.baseUrl: expected a URL, found "nowhere"'],
    ],
    [
      'providers: { a: { type: openai-compatible, preset: x, base_url: y } }',
      ['1: providers.a.base_url: unknown key; did you mean "baseUrl"?'],
    ],
    [
      'providers: { a: { type: openai-compatible, preset: x, city: tokio } }',
      ['1: providers.a.city: expected another name, found "tokio"; did you mean "tokyo"?'],
    ],
    [
      'providers: { a: { type: demo, enabled: false } }',
      ['1: providers: none is enabled: enable one, or remove the section, and the server looks for some itself'],
    ],
    [
      'providers:\n  a:\n    type: account\n    credentials:\n      - { emial: a, password: b }',
      ['5: providers.a.credentials[0].emial: unknown key; did you mean "email"?'],
    ],
    [
      `providers: { a: { type: account, credentials: [${upstreamKey}] } }`,
      ['1: providers.a.credentials[0]: expected a map { email, password } or a map { token }, found a string'],
    ],
    [
      'providers: { a: { type: account, credentials: [{ token: 31415926 }] } }',
      ['1: providers.a.credentials[0].token: expected a string, found a number; put it in quotes'],
    ],
    [
      'providers: { a: { type: account, credentials: [{ token: sk-xxx }] } }',
      [
        '1: providers.a.credentials[0].token: is a placeholder, not a secret of yours: put the real one here, or set enabled: false',
      ],
    ],
    [
      'models: [{ name: "a*b", deployments: [{ provider: demo }] }]',
      ['1: models[0].name: expected a name, with no `*` but one at its end, found "a*b"'],
    ],
    [
      'models:\n  - { name: a, deployments: [{ provider: demo }] }\n  - name: a\n    deployments: [{ provider: demo }]',
      ['3: models[1].name: the same name as models[0]'],
    ],
    [
      'models: [{ name: a, deployments: [] }]',
      ['1: models[0].deployments: expected a list with at least one entry, found an empty list'],
    ],
    [
      'models: [{ name: a, deployments: [{ provider: dmeo }] }]',
      ['1: models[0].deployments[0].provider: no provider has the id "dmeo"; did you mean "demo"?'],
    ],
    [
      'providers: { a: { type: account } }\nmodels: [{ name: a, deployments: [{ provider: openai }] }]',
      ['2: models[0].deployments[0].provider: no provider has the id "openai"; there is a'],
    ],
    [
      'providers: { a: { type: account } }\nmodels:\n  - name: a\n    deployments:\n      - { provider: a, region: eu }',
      ['5: models[0].deployments[0].region: expected one of "global", "cn", found "eu"'],
    ],
    [
      'providers: { a: { type: account } }\nmodels:\n  - name: a\n    deployments:\n      - { provider: a, regoin: cn }',
      ['5: models[0].deployments[0].regoin: unknown key; did you mean "region"?'],
    ],
    [
      'defaultModel: demoss\nmodels: [{ name: demos, deployments: [{ provider: demo }] }]',
      ['1: defaultModel: no model group and no provider serves "demoss"; did you mean "demos"?'],
    ],
    [
      'defaultModel: gpt-large',
      [
        '1: defaultModel: no model group and no provider serves "gpt-large"; write <provider>/<model>, or add it to models',
      ],
    ],
    ['a: ${X}', ['1: a: ${X} is not set, neither in the environment nor in .env']],
    ['server: { host: "${}" }', ['1: server.host: expected ${NAME} or ${NAME:-default}; for a dollar sign write $$']],
    [
      'server: { host: "${UNCLOSED" }',
      ['1: server.host: expected ${NAME} or ${NAME:-default}; for a dollar sign write $$'],
    ],
  ])('%s', async (yaml, problems) => {
    expect(await problemsOf(yaml)).toEqual(problems.map((problem) => `dragoman.yaml:${problem}`).toSorted())
  })

  test.each(['demo', 'demo/x', 'big', 'wild/thing'])('defaultModel %s is one that can be served', async (name) => {
    const models =
      '[{ name: big, deployments: [{ provider: demo }] }, { name: wild/*, deployments: [{ provider: demo }] }]'
    expect((await load(`defaultModel: ${name}\nmodels: ${models}`)).defaultModel).toBe(name)
  })

  test.each([
    ['{ key: KEY, models: [a, b*] }', { models: ['a', 'b*'] }, undefined],
    ['{ key: KEY, rpm: 60, tpm: 1000 }', { requestsPerMinute: 60, tokensPerMinute: 1000 }, undefined],
    [
      '{ key: KEY, budget: { day: 0.5, timeZone: Europe/Oslo } }',
      { budget: { day: 0.5, timeZone: 'Europe/Oslo' } },
      undefined,
    ],
    ['{ key: KEY, allow: { hostedTools: false } }', { allow: { hostedTools: false } }, undefined],
    ['{ key: KEY, expiresAt: 2027-01-31 }', undefined, Date.UTC(2027, 0, 31)],
    [
      "{ key: KEY, expiresAt: '2027-01-31T12:00:00+02:00', models: [] }",
      { models: [], expiresAt: Date.UTC(2027, 0, 31, 10) },
      Date.UTC(2027, 0, 31, 10),
    ],
    ['{ key: KEY, allow: { hostedTools: true } }', undefined, undefined],
    ['KEY', undefined, undefined],
  ])('clients.keys: [%s] may do what it says', async (entry, rights, expiresAt) => {
    const { clients } = await load(`clients: { keys: [${entry.replace('KEY', key)}] }`)
    const id = nameOfUnnamed('key', key)
    if (clients.mode === 'open') throw new Error('it is open')
    expect(clients.keys.map((client) => [client.rights, client.expiresAt])).toEqual([
      [rights && { id, ...rights }, expiresAt],
    ])
    expect(clients.onRevoke).toBe('finish')
  })

  test.each(['clients: keys', 'clients: { keys: [] }'])('%s asks for keys, and has none of its own', async (yaml) => {
    const { clients, notices } = await load(yaml, { env: { AUTH_TOKEN: key } })
    expect(clients).toEqual({ mode: 'keys', keys: [], onRevoke: 'finish' })
    expect(notices).toContain('AUTH_TOKEN: not used, because dragoman.yaml has clients')
  })

  test.each([
    ['rpm: 0', 'clients.keys[0].rpm'],
    ['tpm: many', 'clients.keys[0].tpm'],
    ['models: [a*b]', 'clients.keys[0].models[0]'],
    ['budget: { day: 0 }', 'clients.keys[0].budget.day'],
    ['budget: { timeZone: Europe/Olso }', 'clients.keys[0].budget.timeZone'],
    ['expiresAt: tomorrow', 'clients.keys[0].expiresAt'],
    ['allow: { everything: true }', 'clients.keys[0].allow.everything'],
    ['role: admin', 'clients.keys[0].role'],
  ])('a key with %s is refused at its place', async (field, place) => {
    const [problem = '', ...others] = await problemsOf(`clients: { keys: [{ key: ${key}, ${field} }] }`)
    expect(problem).toContain(`dragoman.yaml:1: ${place}: `)
    expect([problem, others]).toEqual([expect.not.stringContaining(key), []])
  })

  test('everything that is wrong is said at once, in the order of the file', async () => {
    const problems = await problemsOf(
      `
server: { port: x }
providers:
  main: { type: account, credentials: [{ token: '\${NOT_SET}' }] }
models:
  - { name: a, deployments: [{ provider: main, region: x }] }
  - { name: a, deployments: [{ provider: mian }] }
`,
      { env: { LOG_LEVEL: 'loud', API_KEYS: 'nonsense' } },
    )
    expect(problems).toEqual([
      'LOG_LEVEL: expected one of trace, debug, info, warn, error, silent, found "loud"',
      'API_KEYS: expected a JSON list of keys, such as ["key"]',
      'dragoman.yaml:2: server.port: expected a whole number from 0 to 65535, found "x"',
      'dragoman.yaml:4: providers.main.credentials[0].token: ${NOT_SET} is not set, neither in the environment nor in .env',
      'dragoman.yaml:6: models[0].deployments[0].region: expected one of "global", "cn", found "x"',
      'dragoman.yaml:7: models[1].name: the same name as models[0]',
      'dragoman.yaml:7: models[1].deployments[0].provider: no provider has the id "mian"; did you mean "main"?',
    ])
  })

  test.each([
    ['a: 1\na: 2\n', ':2:1: this is not YAML: Map keys must be unique'],
    [`a: "${key}`, ':1:19: this is not YAML: Missing closing "quote'],
    [`a: }${key}`, ':1:4: this is not YAML: Unexpected flow-map-end token in YAML stream'],
    ['a: !foo b', ':1:4: this is not YAML: Unresolved tag'],
    ['a: *missing', ': this is not YAML: Unresolved alias (the anchor must be set before the alias)'],
    ['a: 1\n---\nb: 2', ':2:1: this is not YAML: Source contains multiple documents'],
    [
      'clients: { keys: [${K}] }',
      ":1:20: this is not YAML: Missing , or : between flow sequence items; inside [ ] and { } put quotes around '${NAME}'",
    ],
  ])('%j is told as broken YAML, without quoting it', async (yaml, message) => {
    expect(await problemsOf(yaml)).toEqual([`dragoman.yaml${message}`])
  })

  test('a file that was asked for must be there', async () => {
    expect(await problemsOf(undefined, { flags: { config: 'other.yaml' } })).toEqual([
      'other.yaml: there is no such file',
    ])
    expect(await problemsOf(undefined, { env: { DRAGOMAN_CONFIG: 'x/y.yaml' } })).toEqual([
      'x/y.yaml: there is no such file',
    ])
    expect(await problemsOf(undefined, { flags: { config: '.' } })).toEqual([
      `${folder.path()}: cannot be read (EISDIR)`,
    ])
  })
})

describe('what counts', () => {
  test('flags beat DRAGOMAN_*, these the file, it the other variables, and these .env', async () => {
    const all = { DRAGOMAN_PORT: '2', PORT: '4' }
    await write('.env', 'PORT=5\nDRAGOMAN_PORT=6\nHOST=127.0.0.9\n')
    const port = async (yaml: string | undefined, options: Partial<LoadOptions>) =>
      (await load(yaml, options)).server.port
    expect(await port('server: { port: 3 }', { env: all, flags: { port: 1 } })).toBe(1)
    expect(await port('server: { port: 3 }', { env: all })).toBe(2)
    expect(await port('server: { port: 3 }', { env: { PORT: '4' } })).toBe(6)
    await write('.env', 'PORT=5\nHOST=127.0.0.9\n')
    expect(await port('server: { port: 3 }', { env: { PORT: '4' } })).toBe(3)
    await folder.remove('dragoman.yaml')
    const settings = await load(undefined, { env: { PORT: '4' } })
    expect(settings.server).toMatchObject({ port: 4, host: '127.0.0.9' })
    expect(settings.sources).toEqual(['.env', 'HOST (.env)', 'PORT'])
    expect(await port(undefined, {})).toBe(5)
  })

  test('variables of the file are filled from the environment before .env', async () => {
    await write('.env', `A=127.0.0.2\nB=debug\n`)
    const settings = await load('server: { host: "${A}" }\nlog: { level: "${B}" }', { env: { A: '127.0.0.3' } })
    expect(settings).toMatchObject({ server: { host: '127.0.0.3' }, log: { level: 'debug' } })
  })

  test('the other spelling of the file is read too, and a file can be named', async () => {
    await write('dragoman.yml', 'server: { port: 1 }')
    await write('mine.yaml', 'server: { port: 2 }')
    expect((await load(undefined)).server.port).toBe(1)
    expect(await load(undefined, { env: { DRAGOMAN_CONFIG: 'mine.yaml' } })).toMatchObject({ server: { port: 2 } })
    expect(await load('server: { port: 3 }', { flags: { config: 'mine.yaml' } })).toMatchObject({
      server: { port: 2 },
      sources: ['mine.yaml'],
    })
  })
})

describe('proxies', () => {
  const providers = `
providers:
  a: { type: openai-compatible, preset: openai }
  b: { type: openai-compatible, preset: openai, proxy: http://own.example:1 }
  c: { type: openai-compatible, preset: openai, proxy: direct }
`
  const proxies = async (yaml: string, env: Record<string, string>) =>
    (await load(yaml, { env })).providers.map(({ proxy }) => proxy)

  test("a provider's own beats the general one, and that the environment's", async () => {
    const env = { HTTPS_PROXY: 'env.example:2', no_proxy: 'x.example' }
    const fromEnvironment = { http: undefined, https: 'http://env.example:2', no: 'x.example' }
    expect(await proxies(providers, env)).toEqual([fromEnvironment, 'http://own.example:1', undefined])
    expect(await proxies(`${providers}proxy: socks5://all.example`, env)).toEqual([
      'socks5://all.example',
      'http://own.example:1',
      undefined,
    ])
    expect(await proxies(`${providers}proxy: direct`, env)).toEqual([undefined, 'http://own.example:1', undefined])
  })

  test('an address in the environment that the type refuses is told without the file', async () => {
    const env = { OPENAI_API_KEY: upstreamKey, OPENAI_BASE_URL: `http://x.example/v1?key=${key}` }
    expect(await problemsOf('log: { access: false }', { env })).toEqual([
      'providers.openai.baseUrl, as found: expected a URL without a query, found "http://x.example/v1?***"',
    ])
  })

  test('SOCKS5_PROXY stands in where the others say nothing', async () => {
    expect((await proxies(providers, { SOCKS5_PROXY: 's.example:1080', http_proxy: 'http://h.example' }))[0]).toEqual({
      http: 'http://h.example',
      https: 'socks5://s.example:1080',
      no: undefined,
    })
  })
})

describe('secrets', () => {
  test('that stand in the file are named by place, and its mode where others can read it', async () => {
    const yaml = `
clients: { keys: [${key}, { key: '\${K}' }] }
providers: { a: { type: account, credentials: [{ email: me@a.example, password: '\${P}' }] } }
`
    const env = { K: `${key}2`, P: upstreamKey }
    expect((await load(yaml, { env })).notices).toEqual([
      'dragoman.yaml holds secrets itself (clients.keys[0], providers.a.credentials[0].email): better write ${NAME} and put them into .env',
    ])
    await chmod(folder.path('dragoman.yaml'), 0o644)
    expect((await load(undefined, { env })).notices[1]).toBe(
      'dragoman.yaml can be read by everybody on this machine: chmod 600 dragoman.yaml',
    )
  })

  test('in .env are taken away from everybody else', async () => {
    const path = folder.path('.env')
    await write('.env', `AUTH_TOKEN=${key}`)
    await chmod(path, 0o644)
    expect((await load(undefined)).notices).toEqual([
      '.env could be read by everybody on this machine; now only by its owner and group',
    ])
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    expect((await load(undefined)).notices).toEqual([])
  })

  test('never reach a message, a notice, or the settings as text', async () => {
    const canary = 'canary-8c1d7f2e'
    const env = {
      ...Object.fromEntries(['AUTH_TOKEN', 'OPENAI_API_KEY', 'API_MASTER_KEY', 'CANARY'].map((name) => [name, canary])),
      API_KEYS: JSON.stringify([`${canary}-2`]),
      HTTPS_PROXY: `http://me:${canary}@proxy.example`,
    }
    const good = `
clients: { keys: [${canary}, '\${CANARY}-3'] }
providers: { a: { type: account, credentials: [{ token: ${canary} }, { email: '\${CANARY}', password: ${canary} }] } }
`
    for (const settings of [await load(undefined, { env }), await load(good, { env })]) {
      const shown = JSON.stringify({ ...settings, providers: settings.providers.map((p) => ({ ...p, proxy: '' })) })
      expect(shown).not.toContain(canary)
      expect(shown).toContain('[secret]')
    }

    const badFiles = [
      `clients: ${canary}`,
      `clients: { keys: ${canary} }`,
      `clients: { ${canary}: }`,
      `clients: { keys: [{ ${canary}: x }] }`,
      `clients: { keys: [{ key: [${canary}] }, ${canary}, ${canary}, "${canary} x"] }`,
      `providers: ${canary}`,
      `providers: { a: ${canary} }`,
      `providers: { a: { type: account, credentials: ${canary} } }`,
      `providers: { a: { type: account, credentials: [${canary}] } }`,
      `providers: { a: { type: account, credentials: [{ ${canary}: 1 }] } }`,
      `providers: { a: { type: account, credentials: [{ token: { a: ${canary} } }] } }`,
      `providers: { a: { type: openai-compatible, apiKey: ${canary} } }`,
      `providers: { a: { type: openai-compatible, preset: x, headers: ${canary} } }`,
      `providers: { a: { type: openai-compatible, baseUrl: "//me:${canary}@x" } }`,
      `providers: { a: { type: openai-compatible, baseUrl: "\${CANARY}", stream: "\${CANARY}" } }`,
      `proxy: "me:${canary}@x"`,
      `limits: { idleMs: "\${CANARY}" }`,
      `defaultModel: "\${CANARY}"`,
      `models: [{ name: a, deployments: [{ provider: "\${CANARY}" }] }]`,
      `clients: { keys: [ "${canary}" ${canary}`,
      `clients: { keys: [ *${canary} ] }`,
      `clients: !${canary} x`,
    ]
    for (const yaml of badFiles) expect((await problemsOf(yaml, { env })).join('\n'), yaml).not.toContain(canary)

    await folder.remove('dragoman.yaml')
    for (const name of ['SKIP_AUTH_TOKEN', 'HTTP_PROXY', 'OPENAI_BASE_URL', 'API_KEYS', 'DRAGOMAN_OPEN_ON_NETWORK']) {
      const problems = await problemsOf(undefined, { env: { [name]: `${canary}://` } })
      expect(problems.join('\n')).toMatch(new RegExp(`^${name}: expected `))
      expect(problems.join('\n')).not.toContain(canary)
    }
  })

  test("that a type's own check puts into its message are taken out", async () => {
    const talkative = {
      id: 'talkative',
      options: z.strictObject({}),
      credential: z.strictObject({ token: z.string().refine(() => false, { error: ({ input }) => `bad: ${input}` }) }),
      create: () => {
        throw new Error('never')
      },
    }
    const factories = { talkative: async () => talkative, demo: fakeFactories.demo ?? (async () => talkative) }
    const yaml = `providers: { a: { type: talkative, credentials: [{ token: ${upstreamKey} }] } }`
    expect(await problemsOf(yaml, { factories })).toEqual([
      'dragoman.yaml:1: providers.a.credentials[0].token: bad: [secret]',
    ])
  })
})
