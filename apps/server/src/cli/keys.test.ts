import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { handClock } from '@dragoman/testkit'
import pino from 'pino'
import { beforeEach, describe, expect, test } from 'vitest'
import { clientFinder } from '../client-keys.ts'
import { loadPresets, providerTypes } from '../compose.ts'
import { ConfigError } from '../config/config-error.ts'
import { testFolder } from '../config/test-folder.ts'
import { keyFile, MadeKeys } from '../made-keys.ts'
import { serve } from '../serve.ts'
import { parseArguments } from './arguments.ts'
import { keys } from './keys.ts'
import { keysUsage, parseKeys } from './keys-arguments.ts'

const folder = testFolder()
const now = Date.UTC(2026, 10, 22, 12)
let out: string
let err: string

beforeEach(() => {
  out = ''
  err = ''
})

/** Runs `dragoman keys …` and gives what it wrote to stdout; `err` has the rest. */
async function run(...argv: string[]): Promise<string> {
  out = ''
  err = ''
  const parsed = parseKeys(argv, now)
  if (parsed === 'help') throw new Error('it asks for help')
  await keys(parsed.command, parsed.flags, {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    env: {},
    cwd: folder.path(),
    now,
  })
  return out
}

async function made(...options: string[]): Promise<{ text: string; id: string }> {
  const text = (await run('create', ...options)).trim()
  return { text, id: /ck_\w+/.exec(err)?.[0] ?? '' }
}

async function problemsOf(...argv: string[]): Promise<readonly string[]> {
  const outcome = await run(...argv).catch((error: unknown) => error)
  if (outcome instanceof ConfigError) return outcome.problems
  throw new Error('It was accepted', { cause: outcome })
}

const everything = [
  ...['--name', 'team', '--models', 'glm-*, qwen', '--rpm', '60', '--tpm=100000', '--budget-day', '0.5'],
  ...['--budget-month', '5', '--tokens-day', '1000', '--tokens-month', '9000', '--time-zone', 'Europe/Oslo'],
  ...['--hosted-tools', '--expires', '30d'],
]

test('a new key is all of stdout, once; the file has nothing of it', async () => {
  const { text, id } = await made(...everything)
  expect(out).toMatch(/^dk_[\w-]{43}\n$/)
  expect(err).not.toContain(text)
  expect(err).toContain(`dk_…${text.slice(-4)}`)
  const stored = ['', '-wal'].map((suffix) => folder.path(`data/keys.db${suffix}`)).filter((path) => existsSync(path))
  for (const path of stored) expect(readFileSync(path, 'latin1')).not.toContain(text)
  if (process.platform !== 'win32') expect(statSync(folder.path('data/keys.db')).mode & 0o777).toBe(0o600)
  for (const told of [await run('list'), await run('list', '--json', '--all'), await run('show', id)]) {
    expect(told).toContain(id)
    expect(told).not.toContain(text)
  }
})

test('it may do what was said, and a server takes it', async () => {
  const { text, id } = await made(...everything)
  const budget = { day: 0.5, month: 5, tokensPerDay: 1_000, tokensPerMonth: 9_000, timeZone: 'Europe/Oslo' }
  const rights = {
    models: ['glm-*', 'qwen'],
    requestsPerMinute: 60,
    tokensPerMinute: 100_000,
    budget,
    allow: { hostedTools: true },
    expiresAt: now + 30 * 86_400_000,
  }
  const server = new MadeKeys({ place: keyFile(folder.path('data')), clock: handClock(now), log: { warn() {} } })
  expect(await clientFinder([], server)(text)).toMatchObject({ id, rights })
  await server.close()
})

test('update changes what is said; none takes a limit away', async () => {
  const { id } = await made(...everything)
  await run('update', id, '--rpm', '5', '--models', 'none', '--budget-day', 'none', '--no-hosted-tools', '--disable')
  const shown = JSON.parse(await run('show', id, '--json'))
  expect(shown).toMatchObject({
    name: 'team',
    state: 'disabled',
    requests_per_minute: 5,
    tokens_per_minute: 100_000,
    budget: { month: 5, time_zone: 'Europe/Oslo' },
    allow: { hosted_tools: false },
  })
  expect(Object.keys({ ...shown, ...shown.budget })).not.toEqual(expect.arrayContaining(['models']))
  expect(shown.budget.day).toBeUndefined()
  await run('update', id, '--enable', '--name', 'none')
  expect(JSON.parse(await run('show', id, '--json'))).toMatchObject({ state: 'active' })
})

test('a revoked key leaves the list, and is on it with --all', async () => {
  const { id } = await made('--name', 'old')
  const kept = await made()
  await run('revoke', id)
  expect([out, err]).toEqual(['', `${id} was revoked\n`])
  const listed = await run('list')
  expect([listed.includes(id), listed.includes(kept.id), err]).toEqual([
    false,
    true,
    '1 more with --all: revoked or expired\n',
  ])
  expect(await run('list', '--all')).toMatch(new RegExp(`${id} +old +revoked`))
  expect(await problemsOf('update', id, '--enable')).toEqual([expect.stringContaining('was revoked, for good')])
})

test('a child may do no more than its parent', async () => {
  const parent = await made('--rpm', '10', '--models', 'a*')
  expect(await problemsOf('create', '--parent', parent.id, '--rpm', '11')).toEqual([
    'requests_per_minute: the parent of this key may not do so much',
  ])
  const child = await made('--parent', parent.id, '--models', 'ab')
  expect(JSON.parse(await run('show', child.id, '--json'))).toMatchObject({
    models: ['ab'],
    requests_per_minute: 10,
    parent: parent.id,
  })
  expect(await problemsOf('update', child.id, '--models', 'none')).toHaveLength(1)
})

test('a server that runs takes what is made and refuses what is revoked, and writes down what was used', async () => {
  const yaml = 'server: { port: 0 }\nclients: keys\nproviders: { demo: { type: demo } }\n'
  const clock = handClock(now)
  const types = { factories: providerTypes, presets: loadPresets }
  const settings = await folder.load(yaml, types)
  const server = await serve(settings, pino({ enabled: false }), undefined, undefined, clock)
  const statusOf = async (text: string) =>
    (await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${text}` } })).status
  const { text, id } = await made()
  expect([await statusOf(text), await statusOf('dk_other')]).toEqual([200, 401])
  await run('revoke', id)
  await clock.advance(100)
  expect(await statusOf(text)).toBe(401)
  await server.stop()
  expect(JSON.parse(await run('show', id, '--json')).last_used_at).toBe(new Date(now).toISOString())

  await folder.write('data/keys.db', 'no database, but a text of some length'.repeat(100))
  const refused = serve(settings, pino({ enabled: false }), undefined, undefined, clock)
  await expect(refused).rejects.toThrow(/keys\.db cannot be read \(put a copy in its place/)
})

describe('what it says of the server', () => {
  test.each([
    [undefined, 'clients: keys'],
    ['clients: open', 'clients: keys'],
    ['clients: keys', 'It works at once'],
    ["clients: { keys: ['0123456789abcdef'] }", 'It works at once'],
    // Whatever else is wrong in there is not what was asked.
    ['clients: keys\nmodels: nonsense\nproviders: { a: { type: none } }', 'It works at once'],
  ])('with %j: %s', async (yaml, said) => {
    if (yaml !== undefined) await folder.write('dragoman.yaml', yaml)
    await made()
    expect(err).toContain(said)
  })

  test('of a key that is at its end already it does not say that it works', async () => {
    await folder.write('dragoman.yaml', 'clients: keys')
    await made('--expires', '2020-01-01')
    expect(err).toContain('It opens nothing: it is expired.')
    expect(err).not.toContain('works at once')
  })

  test('the keys are in the folder that the configuration names', async () => {
    await folder.write('dragoman.yaml', `store: { path: "\${WHERE}" }`)
    await folder.write('.env', 'WHERE=elsewhere\n')
    await made()
    expect(existsSync(folder.path('elsewhere/keys.db'))).toBe(true)
    await folder.write('.env', 'NOTHING=1\n')
    expect(await problemsOf('list')).toEqual([expect.stringContaining('WHERE')])
  })
})

test('where no key was made nothing is made by looking', async () => {
  expect(await run('list')).toBe('')
  expect(err).toContain('dragoman keys create')
  expect(await run('list', '--json')).toBe('[]\n')
  expect(await problemsOf('show', 'ck_1')).toEqual(['There is no client key ck_1'])
  expect(existsSync(folder.path('data'))).toBe(false)
})

test('a file that is damaged is named, with what to do', async () => {
  await made()
  writeFileSync(folder.path('data/keys.db'), 'no database, but a text of some length'.repeat(100))
  expect(await problemsOf('list')).toEqual([expect.stringMatching(/keys\.db cannot be read \(put a copy in its place/)])
})

test('a name cannot steer the terminal of who lists it', async () => {
  await made('--name', 'a\u001b[2Jb')
  expect(err + (await run('list'))).not.toContain('\u001b')
})

test.each([
  [[], ['keys needs one of create, list, show, update, revoke']],
  [['crate'], ['keys needs one of create, list, show, update, revoke, found "crate"; did you mean "create"?']],
  [['show'], ['keys show needs the id of a key; see dragoman keys list']],
  [['list', 'x'], ['keys list takes no "x"']],
  [['show', 'a', 'b'], ['keys show takes no "b"']],
  [
    ['create', '--rmp', '5'],
    ['keys has no option --rmp; did you mean "--rpm"?', 'keys create takes no "5"'],
  ],
  [['create', '--rpm', '0'], ['--rpm: expected a whole number from 1, or none, found "0"']],
  [['create', '--rpm', '1.5'], ['--rpm: expected a whole number from 1, or none, found "1.5"']],
  [['create', '--budget-day', '-5'], ['--budget-day: expected US dollars, more than 0, or none, found "-5"']],
  [['create', '--budget-day'], ['--budget-day needs a value']],
  [['create', '--models', 'a*b'], ['--models: expected names, separated by commas, or none, found "a*b"']],
  [['create', '--time-zone', 'X/Y'], ['--time-zone: expected a time zone such as Europe/Oslo, or none, found "X/Y"']],
  [
    ['create', '--expires', 'soon'],
    ['--expires: expected 30d, 12h or a time such as 2027-01-31, or none, found "soon"'],
  ],
  [['create', '--disable'], ['keys create has no option --disable']],
  [
    ['update', 'a', '--parent', 'b'],
    ['keys update has no option --parent', expect.stringContaining('something to change')],
  ],
  [['update', 'a', '--enable', '--disable'], ['--disable and --enable are opposites']],
  [['update', 'a'], ['keys update needs something to change; see dragoman keys --help']],
  [['list', '--json=yes'], ['--json takes no value']],
])('keys %j is refused', (argv, problems) => {
  let found: readonly string[] = []
  try {
    parseKeys(argv, now)
  } catch (error) {
    if (error instanceof ConfigError) found = error.problems
  }
  expect(found).toEqual(problems)
})

test('the program knows the command, and its help', () => {
  expect(parseArguments(['keys', '--help'])).toEqual({ name: 'help', text: keysUsage })
  expect(parseArguments(['keys', 'list', '--all', '-c', 'a.yaml'])).toEqual({
    name: 'keys',
    command: { action: 'list', isAll: true, isJson: false },
    flags: { config: 'a.yaml' },
  })
  expect(parseKeys(['create', '--expires', '2027-01-31'], now)).toMatchObject({
    command: { request: { rights: { expiresAt: Date.UTC(2027, 0, 31) } } },
  })
  expect(() => parseArguments(['-c', 'a.yaml', 'keys', 'list'])).toThrow(/keys comes before its options/)
})
