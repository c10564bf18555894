import { describe, expect, test } from 'vitest'
import { modelVariables, providerVariables } from './provider-variables.ts'
import { testFolder } from './test-folder.ts'
import { type Env, jwt, k2, openrouter, orion, real, signed, vertex } from './test-provider-variables.ts'

const folder = testFolder()
const load = (env: Env, yaml?: string) => folder.load(yaml, { ...real, env })
const problemsOf = (env: Env) => folder.problems(undefined, { ...real, env })

describe('what is left aside, with a note', () => {
  test.each<[Env, string | RegExp]>([
    [{ K2_EMAIL: 'jane@a.example' }, 'K2_EMAIL is not used: it needs K2_PASSWORD beside it'],
    [{ K2_PASSWORD: 'p' }, 'K2_PASSWORD is not used: it needs K2_EMAIL beside it'],
    [{ QWEN_EMAIL: 'jane@a.example' }, 'QWEN_EMAIL is not used: it needs QWEN_PASSWORD beside it'],
    [signed, 'ZAI_WEB_SIGNING_KEY is not used: it needs ZAI_TOKEN or ANONYMOUS_MODE=true beside it'],
    [{ ZAI_TOKEN: jwt }, 'ZAI_TOKEN is not used: it needs ZAI_WEB_SIGNING_KEY beside it'],
    [{ ANONYMOUS_MODE: 'true' }, 'ANONYMOUS_MODE is not used: it needs ZAI_WEB_SIGNING_KEY beside it'],
    [
      { TOOL_SUPPORT: 'false' },
      'TOOL_SUPPORT is not used: it needs ZAI_WEB_SIGNING_KEY, K2THINK_API_KEY, K2_EMAIL, ACCOUNTS_FILE, TOKENS_FILE, QWEN_TOKEN, QWEN_EMAIL, LONGCAT_PASSPORT_TOKEN or LONGCAT_TOKENS_FILE beside it',
    ],
    [{ SESSION_CACHE_TTL: '3600' }, 'SESSION_CACHE_TTL is not used: it needs KIMI_NONCE=true beside it'],
    [{ TARGET_API_URL: 'https://o.example' }, 'TARGET_API_URL is not used: it needs TOKEN_POOL beside it'],
    [{ PROXY_URL: 'ftp://x' }, /^PROXY_URL is not used: it needs /],
    [{ PRIMARY_MODEL: 'x' }, 'PRIMARY_MODEL is not used: it needs ZAI_API_KEY or ZAI_WEB_SIGNING_KEY beside it'],
    [{ ZAI_API_KEY: 'sk-xxx' }, 'ZAI_API_KEY is not used: it holds a placeholder'],
    [{ DASHSCOPE_API_KEY: 'your-api-key' }, 'DASHSCOPE_API_KEY is not used: it holds a placeholder'],
    [{ MOONSHOT_API_KEY: 'a b' }, 'MOONSHOT_API_KEY is not used: it holds spaces or invisible characters'],
    [
      { LONGCAT_PASSPORT_TOKEN: 'your_passport_token_here' },
      'LONGCAT_PASSPORT_TOKEN is not used: it holds a placeholder',
    ],
    [{ TOKEN_POOL: '["changeme"]' }, 'TOKEN_POOL is not used: it holds a placeholder'],
    [{ OPENROUTER_SORT: 'price' }, 'OPENROUTER_SORT is not used: it needs OPENROUTER_API_KEY beside it'],
    [
      { VERTEX_PROJECT_ID: 'my-project-1' },
      'VERTEX_PROJECT_ID is not used: it needs GOOGLE_APPLICATION_CREDENTIALS beside it',
    ],
    [
      { GOOGLE_APPLICATION_CREDENTIALS: '/keys/robot.json', VERTEX_LOCATION: 'global' },
      'VERTEX_LOCATION is not used: it needs VERTEX_PROJECT_ID beside it',
    ],
    [
      { ANTHROPIC_API_KEY: 'key-1', ANTHROPIC_BASE_URL: 'http://127.0.0.1:8787' },
      'ANTHROPIC_BASE_URL is not used, nor ANTHROPIC_API_KEY: it is the address of this server itself',
    ],
    [
      { ANTHROPIC_API_KEY: 'key-1', ANTHROPIC_BASE_URL: 'http://localhost:9000/v1', PORT: '9000' },
      'ANTHROPIC_BASE_URL is not used, nor ANTHROPIC_API_KEY: it is the address of this server itself',
    ],
  ])('%j', async (env, notice) => {
    const settings = await load(env)
    expect(settings.providers.map(({ id }) => id)).toEqual(['demo'])
    expect(settings.notices).toEqual([typeof notice === 'string' ? notice : expect.stringMatching(notice)])
  })

  test('without a note what other programs have in the environment', async () => {
    const aside = { GOOGLE_APPLICATION_CREDENTIALS: '/keys/robot.json', ANTHROPIC_BASE_URL: 'http://127.0.0.1:8787' }
    const settings = await load(aside)
    expect([settings.providers.map(({ id }) => id), settings.notices]).toEqual([['demo'], []])
    expect((await load(aside, 'providers: { demo: { type: demo } }')).notices).toEqual([])
  })

  test('another server on this machine is none of us', async () => {
    const env = { ANTHROPIC_API_KEY: 'key-1', ANTHROPIC_BASE_URL: 'http://127.0.0.1:8788' }
    const settings = await load(env)
    expect([settings.providers[0]?.options, settings.notices]).toMatchObject([{ baseUrl: env.ANTHROPIC_BASE_URL }, []])
  })

  test('of a list, what is no placeholder is used', async () => {
    const settings = await load({ TOKEN_POOL: `["changeme", "${jwt}"]` })
    expect(settings.providers[0]?.credentials).toHaveLength(1)
    expect(settings.notices).toEqual(['Entry 1 of TOKEN_POOL is not used: it holds a placeholder'])
  })

  test('a variable of .env is named as such', async () => {
    await folder.write('.env', 'K2_EMAIL=jane@a.example')
    expect((await load({})).notices).toEqual(['K2_EMAIL (.env) is not used: it needs K2_PASSWORD beside it'])
  })
})

describe('names of models', () => {
  const group = (name: string, model: string, ...providers: string[]) => {
    return expect.objectContaining({
      name,
      deployments: providers.map((provider) => expect.objectContaining({ provider, model })),
    })
  }

  test.each(modelVariables)('$name is a further name of $model', async ({ name, model }) => {
    const settings = await load({ ZAI_API_KEY: 'key-1', [name]: 'our-glm' })
    expect(settings.models).toEqual([group('our-glm', model, 'zai')])
    expect(settings.notices).toEqual([])
    expect((await load({ ZAI_API_KEY: 'key-1', [name]: model })).models).toEqual([])
    expect((await load({ [name]: model })).notices).toEqual([])
  })

  test('the API serves them before the session', async () => {
    const env = { ...signed, ZAI_TOKEN: jwt, ZAI_API_KEY: 'key-1', PRIMARY_MODEL: 'main' }
    expect((await load(env)).models).toEqual([group('main', 'GLM-4.5', 'zai', 'zai-web')])
  })

  test('one that another model has already is not taken from it', async () => {
    const env = { ZAI_API_KEY: 'key-1', PRIMARY_MODEL: 'x', AIR_MODEL: 'x', SEARCH_MODEL: 'glm-4.6' }
    const settings = await load(env)
    expect(settings.models).toEqual([group('x', 'GLM-4.5', 'zai')])
    expect(settings.notices).toEqual([
      'SEARCH_MODEL is not used: GLM-4.6 is a model of its own',
      'AIR_MODEL is not used: PRIMARY_MODEL has given this name to another model',
    ])
  })

  test('the groups of the file stand before them and beat them', async () => {
    const yaml = 'defaultModel: main\nmodels: [{ name: x, deployments: [{ provider: zai, model: GLM-4.7 }] }]'
    const env = { ZAI_API_KEY: 'key-1', PRIMARY_MODEL: 'x', AIR_MODEL: 'main' }
    const settings = await load(env, yaml)
    expect(settings.models).toEqual([group('x', 'GLM-4.7', 'zai'), group('main', 'GLM-4.5-Air', 'zai')])
    expect(settings.defaultModel).toBe('main')
  })
})

describe('beside a file', () => {
  const yaml = (text: string) => `providers: { demo: { type: demo } }\n${text}`

  test('that has no providers they make them all the same', async () => {
    expect((await load(k2, 'log: { access: false }')).providers.map(({ id }) => id)).toEqual(['k2think-web', 'demo'])
  })

  test('that has providers they make none, and that is said', async () => {
    const env = { ...k2, TOOL_SUPPORT: 'true', PRIMARY_MODEL: 'x', AIR_MODEL: 'GLM-4.5-Air', ZAI_API_KEY: 'key-1' }
    const settings = await load(env, yaml(''))
    expect(settings.providers.map(({ id }) => id)).toEqual(['demo'])
    expect(settings.notices).toEqual([
      'K2_EMAIL, K2_PASSWORD, PRIMARY_MODEL: not used, because dragoman.yaml has providers',
    ])
  })

  test('those of which the file speaks are used', async () => {
    const settings = await load(
      { ...k2, TOKEN_POOL: orion.TOKEN_POOL },
      `providers:
  k2:
    type: k2think-web
    credentials: [{ email: '\${K2_EMAIL}', password: '\${K2_PASSWORD}' }]
    credentialsFrom: [{ env: TOKEN_POOL }]`,
    )
    expect(settings.notices.join()).not.toContain('not used')
  })
})

describe('what stops the start', () => {
  test.each<[Env, string]>([
    [{ TOKEN_POOL: 'canary-1' }, 'TOKEN_POOL: expected a JSON list of secrets'],
    [{ ...k2, PROXY_URL: 'ftp://canary-1' }, 'PROXY_URL: expected the URL of a proxy, with http, https or socks5'],
    [{ ...k2, TOKEN_UPDATE_INTERVAL: 'canary-1' }, 'TOKEN_UPDATE_INTERVAL: expected seconds, more than 0'],
    [{ ...k2, TOOL_SUPPORT: 'canary-1' }, 'TOOL_SUPPORT: expected true or false'],
    [{ KIMI_NONCE: 'canary-1' }, 'KIMI_NONCE: expected true or false'],
    [{ ...orion, AVAILABLE_MODELS: '[1]' }, 'AVAILABLE_MODELS: expected a JSON list of texts'],
    [{ ...orion, TARGET_API_URL: 'canary-1' }, 'TARGET_API_URL: expected a URL with http or https'],
    [{ ZAI_API_KEY: 'key-1', AIR_MODEL: 'glm-*' }, 'AIR_MODEL: expected the name of a model, without `*`'],
    [{ ...openrouter, OPENROUTER_SORT: 'canary-1' }, 'OPENROUTER_SORT: expected one of price, throughput, latency'],
    [
      { ...openrouter, OPENROUTER_PROVIDERS: '[canary-1' },
      'OPENROUTER_PROVIDERS: expected names, separated by commas or as a JSON list',
    ],
    [
      { ...openrouter, OPENROUTER_MODEL_SHORTCUT: 'canary 1' },
      'OPENROUTER_MODEL_SHORTCUT: expected a suffix such as :nitro',
    ],
    [
      { ...vertex, VERTEX_LOCATION: 'Canary 1' },
      'providers.vertex.location, from VERTEX_LOCATION: expected global or a region such as us-central1, found "Canary 1"',
    ],
    [
      { ...vertex, VERTEX_CHAT_ENDPOINT: 'https://u:p@canary.example' },
      'providers.vertex.endpoint, from VERTEX_CHAT_ENDPOINT: expected an address without a user and a fragment, found "***@canary.example"',
    ],
    [
      { QWEN_TOKEN: 'canary-1\u00fc' },
      'providers.qwen-web.credentials[0].token, from QWEN_TOKEN: expected text that a header can carry',
    ],
    [
      { ...signed, ZAI_TOKEN: 'canary-1' },
      'providers.zai-web.credentials[0].token, from ZAI_TOKEN: expected the JWT that chat.z.ai keeps as `token`',
    ],
  ])('%j', async (env, problem) => {
    expect(await problemsOf(env)).toEqual([problem])
  })

  test('no secret is in any message, nor in the settings as text but as an option of its provider', async () => {
    const canary = 'canary8c1d7f2e'
    const secrets = providerVariables.filter(({ reader }) => /secret/.test(reader.form)).map(({ name }) => name)
    const bad = Object.fromEntries(secrets.map((name) => [name, `${canary}\u0007;`]))
    expect((await problemsOf({ ...bad, ANONYMOUS_MODE: 'true' })).join('\n')).not.toContain(canary)
    const good = Object.fromEntries(secrets.map((name) => [name, name === 'TOKEN_POOL' ? `["${canary}"]` : canary]))
    const settings = await load({ ...good, VERTEX_PROJECT_ID: 'my-project-1', ZAI_TOKEN: '', ZAI_WEB_SIGNING_KEY: '' })
    expect(settings.providers).toHaveLength(13)
    expect(JSON.stringify(settings)).not.toContain(canary)
  })
})
