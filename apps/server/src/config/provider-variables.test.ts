import { mkdir } from 'node:fs/promises'
import pino from 'pino'
import { describe, expect, test } from 'vitest'
import { compose, providerTypes } from '../compose.ts'
import { providerSources } from '../provider-sources.ts'
import { providerVariables, variableProviders } from './provider-variables.ts'
import type { ProviderSettings, Settings } from './settings.ts'
import { testFolder } from './test-folder.ts'
import { type Env, jwt, k2, nonce, openrouter, orion, real, signed, vertex } from './test-provider-variables.ts'

const folder = testFolder()

const load = (env: Env): Promise<Settings> => folder.load(undefined, { ...real, env })

async function only(env: Env): Promise<ProviderSettings> {
  const [provider, demo, ...others] = (await load(env)).providers
  if (!provider || demo?.type !== 'demo' || others.length > 0) throw new Error('There is not one provider')
  return provider
}

/** The values of credentials, as they were given. */
function revealed({ credentials }: ProviderSettings) {
  return credentials.map(({ values }) =>
    Object.fromEntries(Object.entries(values).map(([name, secret]) => [name, secret.reveal()])),
  )
}

const inline = { GOOGLE_APPLICATION_CREDENTIALS: '{"type":"x"}' }

const made: [name: string, env: Env, id: string, type: string, credentials: object[]][] = [
  ['ZAI_API_KEY', { ZAI_API_KEY: ' key-1 ' }, 'zai', 'zai', [{ apiKey: 'key-1' }]],
  ['ZAI_TOKEN', { ...signed, ZAI_TOKEN: jwt }, 'zai-web', 'zai-web', [{ token: jwt }]],
  ['ANONYMOUS_MODE', { ...signed, ANONYMOUS_MODE: 'true' }, 'zai-web', 'zai-web', []],
  ['K2THINK_API_KEY', { K2THINK_API_KEY: 'key-1' }, 'k2think', 'k2think', [{ apiKey: 'key-1' }]],
  ['K2_EMAIL', k2, 'k2think-web', 'k2think-web', [{ email: 'jane@a.example', password: 'pa55 w0rd' }]],
  ['ACCOUNTS_FILE', { ACCOUNTS_FILE: 'a.txt' }, 'k2think-web', 'k2think-web', []],
  ['TOKENS_FILE', { TOKENS_FILE: 't.txt' }, 'k2think-web', 'k2think-web', []],
  ['DASHSCOPE_API_KEY', { DASHSCOPE_API_KEY: 'key-1' }, 'dashscope', 'qwen', [{ apiKey: 'key-1' }]],
  ['QWEN_TOKEN', { QWEN_TOKEN: jwt }, 'qwen-web', 'qwen-web', [{ token: jwt }]],
  ['QWEN_EMAIL', { QWEN_EMAIL: 'e', QWEN_PASSWORD: 'p' }, 'qwen-web', 'qwen-web', [{ email: 'e', password: 'p' }]],
  ['LONGCAT_API_KEY', { LONGCAT_API_KEY: 'key-1' }, 'longcat', 'longcat', [{ apiKey: 'key-1' }]],
  ['LONGCAT_PASSPORT_TOKEN', { LONGCAT_PASSPORT_TOKEN: jwt }, 'longcat-web', 'longcat-web', [{ token: jwt }]],
  ['LONGCAT_TOKENS_FILE', { LONGCAT_TOKENS_FILE: 'l.txt' }, 'longcat-web', 'longcat-web', []],
  ['MOONSHOT_API_KEY', { MOONSHOT_API_KEY: 'key-1' }, 'kimi', 'kimi', [{ apiKey: 'key-1' }]],
  ['KIMI_NONCE', nonce, 'kimi-nonce', 'kimi-nonce', []],
  ['TOKEN_POOL', { TOKEN_POOL: '["t-1", " t-2 "]' }, 'orion-web', 'orion-web', [{ token: 't-1' }, { token: 't-2' }]],
  ['ANTHROPIC_API_KEY', { ANTHROPIC_API_KEY: 'key-1' }, 'anthropic', 'anthropic', [{ apiKey: 'key-1' }]],
  ['OPENROUTER_API_KEY', openrouter, 'openrouter', 'openrouter', [{ apiKey: 'key-1' }]],
  ['VERTEX_PROJECT_ID', vertex, 'vertex', 'vertex', [{ key: '/keys/robot.json' }]],
  ['GOOGLE_APPLICATION_CREDENTIALS', { ...vertex, ...inline }, 'vertex', 'vertex', [{ key: '{"type":"x"}' }]],
]

const shaped: [env: Env, expected: object][] = [
  [{ ...signed, ANONYMOUS_MODE: '1' }, { options: { signingKey: signed.ZAI_WEB_SIGNING_KEY, guest: true } }],
  [
    { ...k2, K2THINK_API_URL: 'https://k.example/api/chat/completions' },
    { options: { baseUrl: 'https://k.example/api/chat/completions' } },
  ],
  [{ ...k2, PROXY_URL: 'proxy.example:8080' }, { proxy: 'http://proxy.example:8080' }],
  [{ K2THINK_API_KEY: 'key-1', PROXY_URL: 'socks5://proxy.example' }, { proxy: 'socks5://proxy.example' }],
  [{ ...k2, TOOL_SUPPORT: 'false' }, { options: { promptTools: false } }],
  [{ K2THINK_API_KEY: 'key-1', TOOL_SUPPORT: 'false' }, { options: { promptTools: false } }],
  [{ ...signed, ZAI_TOKEN: jwt, TOOL_SUPPORT: 'false' }, { options: { promptTools: false } }],
  [{ ...k2, TOKEN_UPDATE_INTERVAL: '3600' }, { pool: { refreshIntervalMs: 3_600_000 } }],
  [{ ...k2, TOKEN_UPDATE_INTERVAL: '60', ENABLE_TOKEN_AUTO_UPDATE: 'true' }, { pool: { refreshIntervalMs: 60_000 } }],
  [{ ...nonce, SESSION_CACHE_TTL: '1800' }, { options: { conversationTtlMs: 1_800_000 } }],
  [{ ...nonce, CONTEXT_MAX_LENGTH: '20000' }, { options: { maxCharacters: 20_000 } }],
  [{ ...orion, TARGET_API_URL: 'https://o.example/chat' }, { options: { chatUrl: 'https://o.example/chat' } }],
  [{ ...orion, CONVERSATION_API_URL: 'https://o.example/c' }, { options: { conversationUrl: 'https://o.example/c' } }],
  [{ ...orion, PROJECT_API_URL: 'https://o.example/p' }, { options: { projectUrl: 'https://o.example/p' } }],
  [{ ...orion, MESSAGE_API_URL: 'https://o.example/m' }, { options: { messageUrl: 'https://o.example/m' } }],
  [{ ...orion, AVAILABLE_MODELS: '["Grok 4-Default"]' }, { options: { models: ['Grok 4-Default'] } }],
  [
    { ANTHROPIC_API_KEY: 'key-1', ANTHROPIC_BASE_URL: 'https://c.example' },
    { options: { baseUrl: 'https://c.example' } },
  ],
  [{ ...openrouter, OPENROUTER_PROVIDERS: 'novita, groq,' }, { options: { routing: { only: ['novita', 'groq'] } } }],
  [{ ...openrouter, OPENROUTER_PROVIDERS: '["novita"]' }, { options: { routing: { only: ['novita'] } } }],
  [{ ...openrouter, OPENROUTER_ORDER: 'groq,novita' }, { options: { routing: { order: ['groq', 'novita'] } } }],
  [{ ...openrouter, OPENROUTER_SORT: 'Price' }, { options: { routing: { sort: 'price' } } }],
  [{ ...openrouter, OPENROUTER_ALLOW_FALLBACKS: 'false' }, { options: { routing: { allow_fallbacks: false } } }],
  [
    { ...openrouter, OPENROUTER_ORDER: 'novita', OPENROUTER_SORT: 'latency', OPENROUTER_ALLOW_FALLBACKS: '1' },
    { options: { routing: { order: ['novita'], sort: 'latency', allow_fallbacks: true } } },
  ],
  [{ ...openrouter, OPENROUTER_MODEL_SHORTCUT: ':nitro' }, { options: { modelSuffix: ':nitro' } }],
  [{ ...openrouter, OPENROUTER_MODEL_SHORTCUT: 'floor' }, { options: { modelSuffix: ':floor' } }],
  [vertex, { options: { project: 'my-project-1' } }],
  [{ ...vertex, VERTEX_LOCATION: 'us-central1' }, { options: { location: 'us-central1' } }],
  [{ ...vertex, VERTEX_CHAT_ENDPOINT: 'https://v.example' }, { options: { endpoint: 'https://v.example' } }],
]

describe('a variable that makes a provider', () => {
  test.each(made)('%s', async (name, env, id, type, credentials) => {
    const settings = await load(env)
    const [provider, demo, ...others] = settings.providers
    if (!provider) throw new Error('There is none')
    expect([provider.id, provider.type, provider.origin]).toEqual([id, type, 'environment'])
    expect(revealed(provider)).toEqual(credentials)
    expect([demo?.type, others]).toEqual(['demo', []])
    expect(settings.notices).toEqual([])
    expect(settings.defaultModel).toBe(`${id}/${variableProviders.find((own) => own.id === id)?.defaultModel}`)
    expect(providerSources(settings)[0]?.source).toContain(name)
  })

  test.each([
    ['ACCOUNTS_FILE', 'a.txt'],
    ['TOKENS_FILE', 't.txt'],
    ['LONGCAT_TOKENS_FILE', 'l.txt'],
  ])('%s is a file that is watched', async (name, file) => {
    const { credentialsFrom } = await only({ [name]: file })
    expect(credentialsFrom).toEqual([{ file: folder.path(file) }])
  })

  test('several of one provider are united', async () => {
    const provider = await only({ ...k2, ACCOUNTS_FILE: 'a.txt', TOKENS_FILE: 't.txt' })
    expect(revealed(provider)).toHaveLength(1)
    expect(provider.credentialsFrom).toHaveLength(2)
    const qwen = await only({ QWEN_EMAIL: 'e', QWEN_PASSWORD: 'p', QWEN_TOKEN: jwt })
    expect(revealed(qwen)).toEqual([{ token: jwt }, { email: 'e', password: 'p' }])
  })

  test('the API of a service comes before its session, both before presets, and the first is the default', async () => {
    const openai = { name: 'OpenAI', baseUrl: 'https://openai.example/v1', keyVariables: ['OPENAI_API_KEY'] }
    const presets = async () => ({ openai: { ...openai, defaultModel: 'large' } })
    const env = { OPENAI_API_KEY: 'key-1', LONGCAT_API_KEY: 'key-2', LONGCAT_PASSPORT_TOKEN: jwt }
    const settings = await folder.load(undefined, { ...real, presets, env })
    expect(settings.providers.map(({ id }) => id)).toEqual(['longcat', 'longcat-web', 'openai', 'demo'])
    expect(settings.defaultModel).toBe('longcat/LongCat-Flash')
  })
})

describe('a variable that shapes a provider', () => {
  test.each(shaped)('%j', async (env, expected) => {
    expect(await only(env)).toMatchObject(expected)
    expect((await load(env)).notices).toEqual([])
  })

  test('what it leaves as it is stays as it is, and is no news', async () => {
    const { options, pool } = await only({ ...k2, TOOL_SUPPORT: 'true', ENABLE_TOKEN_AUTO_UPDATE: 'false' })
    expect([options, pool]).toEqual([{}, {}])
    const listed = async (models: string) => (await only({ ...orion, AVAILABLE_MODELS: models })).options.models
    expect(await listed('[]')).toEqual(await listed(''))
    const idle = { TOOL_SUPPORT: 'true', ANONYMOUS_MODE: 'false', KIMI_NONCE: 'no', TOKEN_POOL: '[]', TOKENS_FILE: ' ' }
    const settings = await load(idle)
    expect([settings.providers.map(({ id }) => id), settings.notices]).toEqual([['demo'], []])
  })

  test('the models that are listed have the default model among them', async () => {
    const env = { ...orion, AVAILABLE_MODELS: '["Grok 4-Default"]' }
    expect((await load(env)).defaultModel).toBe('orion-web/Grok 4-Default')
  })

  test('a list without a name in it is none', async () => {
    expect((await only({ ...openrouter, OPENROUTER_PROVIDERS: ' , ', OPENROUTER_ORDER: '[]' })).options).toEqual({})
  })

  test('no timed renewal where it is switched off', async () => {
    const settings = await load({ ...k2, TOKEN_UPDATE_INTERVAL: '3600', ENABLE_TOKEN_AUTO_UPDATE: 'false' })
    expect(settings.providers[0]?.pool).toEqual({})
    expect(settings.notices).toEqual(['TOKEN_UPDATE_INTERVAL is not read: ENABLE_TOKEN_AUTO_UPDATE is off'])
  })
})

test('every variable of the table is tried above', () => {
  const tried = [...made.map(([, env]) => env), ...shaped.map(([env]) => env)].flatMap((env) => Object.keys(env))
  const others = ['ENABLE_TOKEN_AUTO_UPDATE'] // whose effect is that of the variable beside it
  expect(new Set([...tried, ...others])).toEqual(new Set(providerVariables.map(({ name }) => name)))
})

test('only the types that are used are loaded', async () => {
  const loaded: string[] = []
  const factories = Object.fromEntries(
    Object.entries(providerTypes).map(([type, open]) => {
      const counted = () => {
        loaded.push(type)
        return open()
      }
      return [type, counted]
    }),
  )
  await folder.load(undefined, { ...real, factories, env: { TOOL_SUPPORT: 'false', PRIMARY_MODEL: 'x' } })
  expect(loaded.splice(0)).toEqual(['demo'])
  await folder.load(undefined, { ...real, factories, env: k2 })
  expect(loaded).toEqual(['demo', 'k2think-web'])
})

test('all of them together make a server with a pool for each', async () => {
  await folder.write('tokens.txt', `${jwt}\n`)
  await folder.write('accounts.txt', '{"email":"joe@a.example","password":"pa55"}\n')
  const settings = await load({
    ...k2,
    ...signed,
    ...orion,
    ...nonce,
    ...vertex,
    ZAI_TOKEN: jwt,
    ACCOUNTS_FILE: 'accounts.txt',
    TOKENS_FILE: 'tokens.txt',
    LONGCAT_TOKENS_FILE: 'tokens.txt',
    QWEN_TOKEN: jwt,
    ...Object.fromEntries(
      ['ZAI', 'K2THINK', 'DASHSCOPE', 'LONGCAT', 'MOONSHOT', 'ANTHROPIC', 'OPENROUTER'].map((name) => {
        return [`${name}_API_KEY`, 'key-1']
      }),
    ),
  })
  await mkdir(folder.path('data'))
  const composition = await compose(settings, { log: pino({ enabled: false }) })
  const sizes = [...composition.credentials].map(([id, { pool, problems }]) => [id, pool.stats().total, problems])
  await composition.close()
  expect(sizes).toEqual([...variableProviders.map(({ id }) => [id, id === 'k2think-web' ? 3 : 1, []]), ['demo', 1, []]])
})
