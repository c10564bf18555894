import { describe, expect, test } from 'vitest'
import { environmentTable } from './environment.ts'
import { testFolder } from './test-folder.ts'
import { nameOfUnnamed } from './unnamed-key.ts'

const { load, problems, write } = testFolder()

const key = 'c1ientkey-4f6a'

/** Names and values of the client keys, or how it is open. */
async function clients(env: Record<string, string>, yaml?: string) {
  const settings = await load(yaml, { env })
  return settings.clients.mode === 'open'
    ? 'open'
    : Object.fromEntries(settings.clients.keys.map((client) => [client.name, client.key.reveal()]))
}

describe('settings', () => {
  test.each([
    [{ PORT: '7000' }, { server: { port: 7000 } }],
    [{ PORT: '7000', LISTEN_PORT: '8080' }, { server: { port: 8080 } }],
    [{ PORT: '7000', LISTEN_PORT: '8080', SERVER_PORT: '8001' }, { server: { port: 8001 } }],
    [{ SERVER_PORT: '8001', DRAGOMAN_PORT: '0' }, { server: { port: 0 } }],
    [{ PORT: '' }, { server: { port: 8787 } }],
    [{ HOST: '127.0.0.2' }, { server: { host: '127.0.0.2' } }],
    [{ HOST: '127.0.0.2', DRAGOMAN_HOST: '::1' }, { server: { host: '::1' } }],
    [{ CORS_ORIGINS: '*' }, { server: { corsOrigins: undefined } }],
    [
      { CORS_ORIGINS: 'https://a.example, http://b.example:3000' },
      { server: { corsOrigins: ['https://a.example', 'http://b.example:3000'] } },
    ],
    [{ CORS_ORIGINS: '["https://a.example"]' }, { server: { corsOrigins: ['https://a.example'] } }],
    [{ LOG_LEVEL: 'INFO' }, { log: { level: 'info' } }],
    [{ LOG_LEVEL: 'WARNING' }, { log: { level: 'warn' } }],
    [{ LOG_LEVEL: 'critical' }, { log: { level: 'error' } }],
    [{ DEBUG: 'true' }, { log: { level: 'debug' } }],
    [{ DEBUG: 'false' }, { log: { level: 'info' } }],
    [{ DEBUG: 'express:*' }, { log: { level: 'info' } }],
    [{ DEBUG: 'true', LOG_LEVEL: 'error' }, { log: { level: 'error' } }],
    [{ DEBUG_LOGGING: 'true', LOG_LEVEL: 'INFO' }, { log: { level: 'debug' } }],
    [{ DEBUG_LOGGING: 'false', LOG_LEVEL: 'error' }, { log: { level: 'error' } }],
    [{ ENABLE_ACCESS_LOG: 'false' }, { log: { access: false } }],
    [{ ENABLE_ACCESS_LOG: 'True' }, { log: { access: true } }],
    [{ TIMEOUT: '30' }, { limits: { wholeHeadersMs: 30_000 } }],
    [{ TIMEOUT: '30', REQUEST_TIMEOUT: '0.5' }, { limits: { wholeHeadersMs: 500 } }],
    [{ MAX_RETRIES: '3' }, { limits: { attempts: 4 } }],
    [{ MAX_RETRIES: '0' }, { limits: { attempts: 1 } }],
    [{ TOKEN_RECOVERY_TIMEOUT: '1800' }, { maxCooldownMs: 1_800_000 }],
  ])('%j', async (env, expected) => {
    const settings = await load(undefined, { env })
    expect(settings).toMatchObject(expected)
    expect(settings.notices).toEqual([])
  })

  test.each([
    [{ PORT: '80a' }, 'PORT: expected a port from 0 to 65535, found "80a"'],
    [{ SERVER_PORT: '65536' }, 'SERVER_PORT: expected a port from 0 to 65535, found "65536"'],
    [{ LISTEN_PORT: '-1' }, 'LISTEN_PORT: expected a port from 0 to 65535, found "-1"'],
    [{ DRAGOMAN_PORT: 'x' }, 'DRAGOMAN_PORT: expected a port from 0 to 65535, found "x"'],
    [{ HOST: 'http://x' }, 'HOST: expected an address or a host name, without scheme and port, found "http://x"'],
    [
      { DRAGOMAN_HOST: 'x:1' },
      'DRAGOMAN_HOST: expected an address or a host name, without scheme and port, found "x:1"',
    ],
    [
      { CORS_ORIGINS: 'a.example' },
      'CORS_ORIGINS: expected origins, separated by commas or as a JSON list, found "a.example"',
    ],
    [{ LOG_LEVEL: 'x' }, 'LOG_LEVEL: expected one of trace, debug, info, warn, error, silent, found "x"'],
    [{ DEBUG_LOGGING: 'x' }, 'DEBUG_LOGGING: expected true or false, found "x"'],
    [{ ENABLE_ACCESS_LOG: 'x' }, 'ENABLE_ACCESS_LOG: expected true or false, found "x"'],
    [{ TIMEOUT: '0' }, 'TIMEOUT: expected seconds, more than 0, found "0"'],
    [{ REQUEST_TIMEOUT: '30s' }, 'REQUEST_TIMEOUT: expected seconds, more than 0, found "30s"'],
    [{ MAX_RETRIES: '-1' }, 'MAX_RETRIES: expected a whole number from 0 to 99, found "-1"'],
    [{ SKIP_AUTH_TOKEN: 'x' }, 'SKIP_AUTH_TOKEN: expected true or false'],
    [{ REQUIRE_API_KEY: 'x' }, 'REQUIRE_API_KEY: expected true or false'],
    [{ ALLOW_ANY_API_KEY: 'x' }, 'ALLOW_ANY_API_KEY: expected true or false'],
    [{ DRAGOMAN_OPEN_ON_NETWORK: 'x' }, 'DRAGOMAN_OPEN_ON_NETWORK: expected true or false'],
    [{ HTTPS_PROXY: 'ftp://x' }, 'HTTPS_PROXY: expected the URL of a proxy, with http, https or socks5'],
    [{ OPENAI_BASE_URL: 'x' }, 'OPENAI_BASE_URL: expected a URL with http or https'],
  ])('%j is refused', async (env, problem) => {
    expect(await problems(undefined, { env })).toEqual([problem])
  })

  test('a variable of .env is named as such', async () => {
    await write('.env', 'PORT=x')
    expect(await problems(undefined)).toEqual(['PORT (.env): expected a port from 0 to 65535, found "x"'])
  })

  const idle = environmentTable.filter(({ setting }) => setting === undefined)

  test.each(idle)('$name has no effect, and that is said', async ({ name, note }) => {
    expect((await load(undefined, { env: { [name]: '7' } })).notices).toEqual([`${name} has no effect: ${note}`])
  })

  test('every variable of the founding systems that concerns the server is in the table', () => {
    const founding = `PORT SERVER_PORT LISTEN_PORT HOST LOG_LEVEL DEBUG DEBUG_LOGGING ENABLE_ACCESS_LOG CORS_ORIGINS
      AUTH_TOKEN AUTH_TOKENS_FILE SKIP_AUTH_TOKEN API_KEYS API_MASTER_KEY VALID_API_KEY ALLOW_ANY_API_KEY REQUIRE_API_KEY
      TIMEOUT REQUEST_TIMEOUT APP_NAME SERVICE_NAME HTTP_PROXY HTTPS_PROXY NO_PROXY SOCKS5_PROXY ROOT_PATH
      OPENAI_BASE_URL OPENAI_API_KEY STREAM_DELAY STREAM_CHUNK_SIZE MAX_STREAM_TIME MAX_RETRIES RETRY_DELAY
      MAX_CONNECTIONS MAX_KEEPALIVE_CONNECTIONS MODEL_CONFIG MODEL_CONFIG_PATH ENSURE_TOOL_CALL_MAX_ATTEMPTS APP_ENV SCAN_LIMIT DB_PATH
      ADMIN_PASSWORD SESSION_SECRET_KEY SESSION_ENCRYPTION_KEY SESSION_DIR GET_TOKENS_SCRIPT MAX_TOKEN_FAILURES
      TOKEN_FAILURE_THRESHOLD TOKEN_RECOVERY_TIMEOUT TOKEN_HEALTH_CHECK_INTERVAL GUEST_POOL_SIZE
      TOKEN_AUTO_IMPORT_ENABLED TOKEN_AUTO_IMPORT_SOURCE_DIR TOKEN_AUTO_IMPORT_INTERVAL TOKEN_AUTO_MAINTENANCE_ENABLED
      TOKEN_AUTO_MAINTENANCE_INTERVAL TOKEN_AUTO_REMOVE_DUPLICATES TOKEN_AUTO_HEALTH_CHECK TOKEN_AUTO_DELETE_INVALID`
    const names = environmentTable.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(founding.split(/\s+/)))
    expect(new Set(names).size).toBe(names.length)
  })
})

/** Names do not tell the place in a list: what a client keeps would go to the next one when a key is taken away. */
function listed(list: string, ...keys: string[]) {
  return Object.fromEntries(keys.map((each) => [nameOfUnnamed(list, each), each]))
}

describe('client keys', () => {
  test('a key keeps its name when another one is taken off its list', async () => {
    const [first, second, third] = [key, `b-${key}`, `c-${key}`]
    const nameOfThird = (found: unknown) => Object.entries(found as object).find(([, each]) => each === third)?.[0]
    const ways = [
      (keys: unknown) => clients({ API_KEYS: JSON.stringify(keys) }),
      (keys: unknown) => clients({}, `clients: { keys: ${JSON.stringify(keys)} }`),
    ]
    for (const named of ways) {
      const before = nameOfThird(await named([first, second, third]))
      expect(before).toMatch(/^(API_KEYS|key)-[0-9a-f]{8}$/)
      expect(nameOfThird(await named([second, third]))).toBe(before)
      expect(nameOfThird(await named([third]))).toBe(before)
    }
  })

  test.each([
    [{ AUTH_TOKEN: key }, { AUTH_TOKEN: key }],
    [{ API_MASTER_KEY: key }, { API_MASTER_KEY: key }],
    [{ VALID_API_KEY: key }, { VALID_API_KEY: key }],
    [{ VALID_API_KEY: key, ALLOW_ANY_API_KEY: 'false' }, { VALID_API_KEY: key }],
    [{ API_KEYS: `["${key}"]` }, listed('API_KEYS', key)],
    [{ API_KEYS: `["${key}","${key}2"]`, REQUIRE_API_KEY: 'true' }, listed('API_KEYS', key, `${key}2`)],
    [
      { AUTH_TOKEN: key, API_KEYS: `["${key}","b-${key}"]`, VALID_API_KEY: `c-${key}` },
      { AUTH_TOKEN: key, ...listed('API_KEYS', `b-${key}`), VALID_API_KEY: `c-${key}` },
    ],
    [{ AUTH_TOKEN: key, REQUIRE_API_KEY: 'true' }, { AUTH_TOKEN: key }],
    [{ AUTH_TOKEN: key, ALLOW_ANY_API_KEY: 'true' }, { AUTH_TOKEN: key }],
    [{ AUTH_TOKEN: key, API_MASTER_KEY: '1' }, { AUTH_TOKEN: key }],
    [{}, 'open'],
    [{ API_MASTER_KEY: '1' }, 'open'],
    [{ API_KEYS: '[]' }, 'open'],
    [{ VALID_API_KEY: '', ALLOW_ANY_API_KEY: 'true' }, 'open'],
    [{ VALID_API_KEY: key, ALLOW_ANY_API_KEY: 'true' }, 'open'],
    [{ API_KEYS: `["${key}"]`, REQUIRE_API_KEY: 'false' }, 'open'],
    [{ AUTH_TOKEN: 'sk-your-api-key', SKIP_AUTH_TOKEN: 'true' }, 'open'],
  ])('%j', async (env, expected) => {
    expect(await clients(env)).toEqual(expected)
  })

  test('a switch speaks for the variables that came with it only, and says so', async () => {
    const env = { AUTH_TOKEN: key, SKIP_AUTH_TOKEN: 'true', API_KEYS: `["b-${key}"]` }
    expect(await clients(env)).toEqual(listed('API_KEYS', `b-${key}`))
    expect((await load(undefined, { env })).notices).toEqual(['AUTH_TOKEN is not read: SKIP_AUTH_TOKEN is on'])
  })

  test('AUTH_TOKENS_FILE holds keys by line or comma, with comments', async () => {
    await write('keys.txt', `# team\n${key}, b-${key} # two\r\n\n  c-${key}\n`)
    expect(await clients({ AUTH_TOKENS_FILE: 'keys.txt' })).toEqual(
      listed('AUTH_TOKENS_FILE', key, `b-${key}`, `c-${key}`),
    )
  })

  test('a file of keys that others could read is taken away from them', async () => {
    await write('keys.txt', key, 0o644)
    expect((await load(undefined, { env: { AUTH_TOKENS_FILE: 'keys.txt' } })).notices).toEqual([
      'keys.txt could be read by everybody on this machine; now only by its owner and group',
    ])
  })

  test.each([
    'sk-your-api-key',
    'changeme',
    'sk-xxx',
    'your-api-key',
    'admin123',
    'sk-kimi-ai-2api-default-key-please-change-me',
    '',
  ])('%j is refused as a key', async (placeholder) => {
    await write('keys.txt', `${key},${placeholder || 'changeme'}`)
    const fault = placeholder === '' ? 'is empty' : 'is a placeholder, not a secret of yours'
    const remedy = 'make a key with `openssl rand -hex 32`, or remove the variable'
    for (const name of ['AUTH_TOKEN', 'API_MASTER_KEY']) {
      expect(await problems(undefined, { env: { [name]: placeholder } })).toEqual([`${name}: ${fault}: ${remedy}`])
    }
    expect(await problems(undefined, { env: { API_KEYS: JSON.stringify([key, placeholder]) } })).toEqual([
      `API_KEYS: key 2 ${fault}: ${remedy}`,
    ])
    expect(await problems(undefined, { env: { AUTH_TOKENS_FILE: 'keys.txt' } })).toEqual([
      `AUTH_TOKENS_FILE: key 2 is a placeholder, not a secret of yours: ${remedy}`,
    ])
  })

  test.each([
    [
      { REQUIRE_API_KEY: 'true' },
      'REQUIRE_API_KEY=true asks for a client key, and there is none: set AUTH_TOKEN, write clients: keys into dragoman.yaml, or remove the variable',
    ],
    [
      { ALLOW_ANY_API_KEY: 'false', VALID_API_KEY: '' },
      'ALLOW_ANY_API_KEY=false asks for a client key, and there is none: set AUTH_TOKEN, write clients: keys into dragoman.yaml, or remove the variable',
    ],
    [{ API_KEYS: 'a,b' }, 'API_KEYS: expected a JSON list of keys, such as ["key"]'],
    [{ API_KEYS: '[1]' }, 'API_KEYS: expected a JSON list of keys, such as ["key"]'],
    [{ AUTH_TOKENS_FILE: 'none.txt' }, 'AUTH_TOKENS_FILE: there is no file none.txt'],
    [{ AUTH_TOKENS_FILE: '.env' }, 'AUTH_TOKENS_FILE: there is no key in .env'],
  ])('%j is refused', async (env, problem) => {
    await write('.env', '# nothing\n')
    expect(await problems(undefined, { env })).toEqual([problem])
  })

  test('what the file says about clients beats the variables, and that is said', async () => {
    const yaml = `clients: { keys: ['\${OWN}'] }`
    const env = { OWN: `own-${key}`, AUTH_TOKEN: key }
    expect(await clients(env, yaml)).toEqual(listed('key', `own-${key}`))
    expect((await load(yaml, { env })).notices).toEqual(['AUTH_TOKEN: not used, because dragoman.yaml has clients'])
    expect(await clients({ AUTH_TOKEN: key }, 'clients: open')).toBe('open')
    expect(await problems('clients: open', { env: { REQUIRE_API_KEY: 'true' } })).toEqual([
      'REQUIRE_API_KEY=true asks for a client key, and dragoman.yaml says that none is needed, or remove the variable',
    ])
  })
})

describe('open mode', () => {
  const refusal = (where: string) =>
    `Open mode on ${where} would let everybody who reaches this address use your providers: set a client key ` +
    '(AUTH_TOKEN, clients: { keys: [...] }, or clients: keys for those of `dragoman keys create`), or allow it (DRAGOMAN_OPEN_ON_NETWORK=1, or clients: { open: true, onNetwork: true })'

  test('beyond this machine it has to be wanted', async () => {
    expect(await problems(undefined, { env: { HOST: '0.0.0.0' } })).toEqual([refusal('0.0.0.0 (HOST)')])
    expect(await problems(undefined, { flags: { host: '::' } })).toEqual([refusal(':: (--host)')])
    expect(await problems('clients: open', { env: { DRAGOMAN_HOST: '10.0.0.1' } })).toEqual([
      refusal('10.0.0.1 (DRAGOMAN_HOST)'),
    ])
    expect(await problems('server: { host: my-laptop }')).toEqual([refusal('my-laptop (dragoman.yaml)')])
    const closed = 'server: { host: 0.0.0.0 }\nclients: { open: true }'
    expect(await problems(closed)).toEqual([refusal('0.0.0.0 (dragoman.yaml)')])
  })

  test('a key that is refused is the one thing that is said', async () => {
    expect(
      await problems(undefined, { env: { HOST: '0.0.0.0', REQUIRE_API_KEY: 'true', AUTH_TOKEN: 'changeme' } }),
    ).toEqual([
      'AUTH_TOKEN: is a placeholder, not a secret of yours: make a key with `openssl rand -hex 32`, or remove the variable',
    ])
  })

  test.each([['127.0.0.1'], ['127.8.9.1'], ['::1'], ['localhost']])('%s is this machine', async (host) => {
    expect((await load(undefined, { flags: { host } })).clients.mode).toBe('open')
  })

  test('it can be wanted in the file, by a variable and by a flag, and stays a notice', async () => {
    const notice = 'whoever reaches this address uses your providers, without a key'
    const wanted = 'server: { host: 0.0.0.0 }\nclients: { open: true, onNetwork: true }'
    expect((await load(wanted)).notices).toEqual([`Open on 0.0.0.0 (dragoman.yaml): ${notice}`])
    expect(await problems(wanted, { env: { DRAGOMAN_OPEN_ON_NETWORK: '0' } })).toHaveLength(1)
    const env = { HOST: '0.0.0.0', DRAGOMAN_OPEN_ON_NETWORK: '1' }
    expect((await load('', { env })).notices).toEqual([`Open on 0.0.0.0 (HOST): ${notice}`])
    const flags = { host: '0.0.0.0', openOnNetwork: true }
    expect((await load('', { flags })).notices).toEqual([`Open on 0.0.0.0 (--host): ${notice}`])
  })

  test('with a key any address will do', async () => {
    const settings = await load(undefined, { env: { HOST: '0.0.0.0', AUTH_TOKEN: key } })
    expect(settings).toMatchObject({ clients: { mode: 'keys' }, server: { host: '0.0.0.0' }, notices: [] })
    expect(settings.sources).toEqual(['HOST', 'AUTH_TOKEN'])
  })
})
