import { appendFileSync } from 'node:fs'
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canary, handClock, leaked } from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FoundCredentials } from './credential-source.ts'
import { type CredentialWatch, type WatchCredentialsOptions, watchCredentials } from './watch-credentials.ts'

const pollMs = 2000

let folder: string
let clock: ReturnType<typeof handClock>
let watches: CredentialWatch[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dragoman-watch-'))
  clock = handClock()
  watches = []
})
afterEach(async () => {
  for (const watch of watches) watch.close()
  await rm(folder, { recursive: true })
})

const at = (name: string) => join(folder, name)
const put = (name: string, text: string) => writeFile(at(name), text, { mode: 0o600 })

/** Messages with paths as if the folder were the working one. */
const short = (text: string | undefined) => text?.replaceAll(`${folder}/`, '').replaceAll(folder, '.')

function start(sources: WatchCredentialsOptions['sources']) {
  const lists: string[][] = []
  const problems: string[] = []
  const watch = watchCredentials({
    sources,
    field: 'token',
    clock,
    onChange: (found) => lists.push(tokensOf(found)),
    onProblem: (problem) => problems.push(short(problem) ?? ''),
  })
  watches.push(watch)
  return { watch, lists, problems }
}

function tokensOf({ credentials }: FoundCredentials): string[] {
  return credentials.map(({ values }) => values.token?.reveal() ?? '?')
}

/** One poll, from its timer to the next one's. */
async function poll(): Promise<void> {
  await clock.armed(pollMs)
  await clock.advance(pollMs)
  await clock.armed(pollMs)
}

describe('at start', () => {
  test('all sources are read, in their order, before it is ready', async () => {
    await put('tokens.txt', 'a1\nb2\n')
    await mkdir(at('more'))
    await put('more/2.txt', 'd4')
    await put('more/1.json', '["c3"]')
    const { watch, lists, problems } = start([
      { text: 'z0', from: 'K2_TOKEN' },
      { file: at('tokens.txt') },
      { directory: at('more') },
    ])
    const { credentials } = await watch.ready
    expect(credentials.map(({ from }) => short(from))).toEqual([
      'K2_TOKEN:1',
      'tokens.txt:1',
      'tokens.txt:2',
      'more/1.json[0]',
      'more/2.txt:1',
    ])
    expect(lists).toEqual([['z0', 'a1', 'b2', 'c3', 'd4']])
    expect(problems).toEqual([])
  })

  test('what is missing or empty is a problem and no failure', async () => {
    await put('empty.txt', '')
    await put('bad.txt', '"quoted"\n')
    await mkdir(at('void'))
    const { watch, lists, problems } = start([
      { file: at('none.txt') },
      { file: at('empty.txt') },
      { file: at('bad.txt') },
      { file: at('void') },
      { directory: at('nowhere') },
      { directory: at('void') },
      { text: ' ', from: 'TOKEN_POOL' },
    ])
    expect((await watch.ready).credentials).toEqual([])
    expect(lists).toEqual([[]])
    expect(problems).toEqual([
      'none.txt: is not there',
      'empty.txt: is empty',
      'bad.txt: holds no credential that can be used',
      'bad.txt:1: has quotes around it, which belong to no token',
      'void: is not a file',
      'nowhere: cannot be read (ENOENT)',
      'void: holds no files',
      'TOKEN_POOL: is empty',
    ])
  })

  test('a credential that stands in two places is taken from the first', async () => {
    await put('tokens.txt', 'a1\nb2')
    const { watch, problems } = start([{ text: 'b2', from: 'TOKEN' }, { file: at('tokens.txt') }])
    expect(tokensOf(await watch.ready)).toEqual(['b2', 'a1'])
    expect(problems).toEqual(['tokens.txt:2: the same as TOKEN:1'])
  })
})

describe('a file that changes', () => {
  test('is read when it has looked the same twice', async () => {
    await put('tokens.txt', 'a1')
    const { watch, lists } = start([{ file: at('tokens.txt') }])
    await watch.ready
    await put('tokens.txt', 'a1\nb2')
    await poll()
    expect(lists).toEqual([['a1']])
    await poll()
    expect(lists).toEqual([['a1'], ['a1', 'b2']])
  })

  test('is not read while it is being written', async () => {
    await put('tokens.txt', 'a1')
    const { watch, lists, problems } = start([{ file: at('tokens.txt') }])
    await watch.ready
    await put('tokens.txt', 'second-tok')
    await poll()
    await appendFile(at('tokens.txt'), 'en\nthird-to')
    await poll()
    await appendFile(at('tokens.txt'), 'ken')
    await poll()
    expect(lists).toEqual([['a1']])
    await poll()
    expect(lists).toEqual([['a1'], ['second-token', 'third-token']])
    expect(problems).toEqual([])
  })

  test('is not taken when it was written to while it was read', async () => {
    await put('tokens.txt', 'a1')
    const { watch, lists } = start([{ file: at('tokens.txt') }])
    await watch.ready
    await put('tokens.txt', 'half')
    let isWriting = true
    const write = () => {
      if (!isWriting) return
      appendFileSync(at('tokens.txt'), '-and-more')
      setImmediate(write)
    }
    write()
    const read = await watch.reload().finally(() => {
      isWriting = false
    })
    expect(tokensOf(read)).toEqual(['a1'])
    await poll()
    await poll()
    expect(lists).toEqual([['a1'], [(await readFile(at('tokens.txt'), 'utf8')).trim()]])
  })

  test('is read again after the first reading, which may have met it half-written and of the same look', async () => {
    await put('tokens.txt', 'aaaa')
    await utimes(at('tokens.txt'), 1, 1)
    const { watch, lists } = start([{ file: at('tokens.txt') }])
    await watch.ready
    // Within one tick of the file system's clock: as long as before, with the same time.
    await put('tokens.txt', 'bbbb')
    await utimes(at('tokens.txt'), 1, 1)
    await poll()
    await poll()
    expect(lists).toEqual([['aaaa'], ['bbbb']])
  })

  test('is noticed when another file was moved into its place', async () => {
    await put('tokens.txt', 'aaaa')
    await utimes(at('tokens.txt'), 1, 1)
    const { watch, lists } = start([{ file: at('tokens.txt') }])
    await watch.ready
    await poll()
    await put('new', 'bbbb')
    await utimes(at('new'), 1, 1)
    await rename(at('new'), at('tokens.txt'))
    await poll()
    await poll()
    expect(lists).toEqual([['aaaa'], ['bbbb']])
  })

  test('and says the same as before changes nothing', async () => {
    await put('tokens.txt', 'a1\nb2')
    const { watch, lists } = start([{ file: at('tokens.txt') }])
    await watch.ready
    await put('tokens.txt', 'a1\nb2\n# checked\n')
    await poll()
    await poll()
    expect(lists).toEqual([['a1', 'b2']])
  })

  test('keeps its good lines when a bad one comes in', async () => {
    await put('tokens.txt', 'a1\nb2')
    const { watch, lists, problems } = start([{ file: at('tokens.txt') }])
    await watch.ready
    await put('tokens.txt', 'a1\n"b2"\nc3')
    await poll()
    await poll()
    await poll()
    expect(lists.at(-1)).toEqual(['a1', 'c3'])
    expect(problems).toEqual(['tokens.txt:2: has quotes around it, which belong to no token'])
  })

  test('a clock that jumps changes nothing', async () => {
    await put('tokens.txt', 'a1')
    const { watch, lists } = start([{ file: at('tokens.txt') }])
    await watch.ready
    clock.jump(-3_600_000)
    await put('tokens.txt', 'b2')
    await poll()
    clock.jump(7_200_000)
    await poll()
    expect(lists).toEqual([['a1'], ['b2']])
  })
})

describe('a file that goes wrong while it is watched: what it gave goes on, and the problem is said once', () => {
  const wrong: [what: string, spoil: (path: string) => Promise<unknown>, problems: string[]][] = [
    ['it vanishes', (path) => rm(path), ['tokens.txt: is gone; the 2 credentials it gave go on']],
    ['it is empty', (path) => truncate(path), ['tokens.txt: is empty; the 2 credentials it gave go on']],
    [
      'it is cut in its middle',
      (path) => writeFile(path, '["a1", "b'),
      [
        'tokens.txt: holds no credential that can be used; the 2 credentials it gave go on',
        expect.stringContaining('ends in the middle of its JSON'),
      ],
    ],
    [
      'a folder takes its place',
      async (path) => {
        await rm(path)
        await mkdir(path, { mode: 0o755 })
      },
      ['tokens.txt: is not a file; the 2 credentials it gave go on'],
    ],
  ]
  test.each(wrong)('%s', async (_, spoil, expected) => {
    await put('tokens.txt', '["a1", "b2"]')
    const { watch, lists, problems } = start([{ file: at('tokens.txt') }])
    await watch.ready
    await poll()
    await spoil(at('tokens.txt'))
    for (let i = 0; i < 4; i++) await poll()
    expect(lists).toEqual([['a1', 'b2']])
    expect(problems).toEqual(expected)

    await rm(at('tokens.txt'), { recursive: true, force: true })
    await put('tokens.txt', 'c3')
    await poll()
    await poll()
    expect(lists.at(-1)).toEqual(['c3'])
    expect((await watch.reload()).problems).toEqual([])
  })

  test('a problem that comes back is said again', async () => {
    await put('tokens.txt', 'a1')
    const { watch, problems } = start([{ file: at('tokens.txt') }])
    await watch.ready
    await rm(at('tokens.txt'))
    await poll()
    await put('tokens.txt', 'a1')
    await poll()
    await poll()
    await rm(at('tokens.txt'))
    await poll()
    const gone = 'tokens.txt: is gone; the credential it gave goes on'
    expect(problems).toEqual([gone, gone])
  })

  test('a file that was missing at start is read when it comes', async () => {
    const { watch, lists } = start([{ file: at('tokens.txt') }])
    await watch.ready
    await put('tokens.txt', 'a1')
    await poll()
    await poll()
    expect(lists).toEqual([[], ['a1']])
  })
})

describe('a folder', () => {
  test('gives its files by name, without hidden, temporary and saved ones, and without folders', async () => {
    for (const name of ['b.txt', 'a.txt', '.hidden', 'c.tmp', 'd.txt.backup', 'e~', 'zai.vault', 'zai.vault.lock']) {
      await put(name, `token-${name.replaceAll(/[^a-z]/g, '')}`)
    }
    await mkdir(at('sub'))
    const { watch, problems } = start([{ directory: folder }])
    expect(tokensOf(await watch.ready)).toEqual(['token-atxt', 'token-btxt'])
    expect(problems).toEqual([])
  })

  test('takes up new files, and lets go of those that are taken out of it', async () => {
    await put('a.txt', 'a1')
    await put('c.txt', 'c3')
    const { watch, lists } = start([{ directory: folder }])
    await watch.ready
    await put('b.txt', 'b2')
    await poll()
    await poll()
    expect(lists.at(-1)).toEqual(['a1', 'b2', 'c3'])
    await rm(at('a.txt'))
    await poll()
    expect(lists.at(-1)).toEqual(['a1', 'b2', 'c3'])
    await poll()
    expect(lists.at(-1)).toEqual(['b2', 'c3'])
  })

  test('keeps what it gave when it is empty or gone, as when a drive is taken away', async () => {
    await mkdir(at('tokens'))
    await put('tokens/a.txt', 'a1')
    await put('tokens/b.txt', 'b2')
    const { watch, lists, problems } = start([{ directory: at('tokens') }])
    await watch.ready
    await rm(at('tokens/a.txt'))
    await rm(at('tokens/b.txt'))
    for (let i = 0; i < 3; i++) await poll()
    await rm(at('tokens'), { recursive: true })
    for (let i = 0; i < 3; i++) await poll()
    expect(lists).toEqual([['a1', 'b2']])
    expect(problems).toEqual([
      'tokens: holds no files',
      'tokens/a.txt: is gone; the credential it gave goes on',
      'tokens/b.txt: is gone; the credential it gave goes on',
      'tokens: cannot be read (ENOENT)',
    ])
  })

  test('links are followed, and what they lead to may be swapped, as in mounted secrets', async () => {
    for (const version of ['..one', '..two']) {
      await mkdir(at(version), { mode: 0o700 })
      await put(`${version}/tokens.txt`, `token-of${version}`)
    }
    await symlink('..one', at('..data'))
    await symlink('..data/tokens.txt', at('tokens.txt'))
    const { watch, lists } = start([{ directory: folder }])
    await watch.ready
    await symlink('..two', at('..new'))
    await rename(at('..new'), at('..data'))
    await poll()
    await poll()
    expect(lists).toEqual([['token-of..one'], ['token-of..two']])
  })
})

describe('files that other users can read', () => {
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777

  test('fault 70: at start the mode is repaired, and it is said', async () => {
    await put('tokens.txt', 'a1')
    await chmod(at('tokens.txt'), 0o644)
    const { watch, lists, problems } = start([{ file: at('tokens.txt') }])
    expect((await watch.ready).problems).toHaveLength(1)
    expect(problems).toEqual(['tokens.txt: could be read by other users (mode 0644); its mode is 0600 now'])
    expect(await modeOf(at('tokens.txt'))).toBe(0o600)
    expect(lists).toEqual([['a1']])
  })

  test('fault 70: a mode that is changed later is repaired as well', async () => {
    await put('tokens.txt', 'a1')
    const { watch, problems } = start([{ file: at('tokens.txt') }])
    await watch.ready
    await poll()
    await chmod(at('tokens.txt'), 0o640)
    await poll()
    expect(problems).toEqual(['tokens.txt: could be read by other users (mode 0640); its mode is 0600 now'])
    expect(await modeOf(at('tokens.txt'))).toBe(0o600)
  })

  // Its mode cannot be changed by anybody, root included.
  test.runIf(process.platform === 'linux')(
    'fault 70: where that fails the file is not read, and it is said',
    async () => {
      await put('tokens.txt', 'a1')
      const { watch, lists, problems } = start([{ file: '/proc/self/status' }, { file: at('tokens.txt') }])
      await watch.ready
      await poll()
      expect(lists).toEqual([['a1']])
      expect(problems).toEqual([
        '/proc/self/status: could be read by other users (mode 0444), which cannot be changed (EPERM): run chmod 0600; it is not read',
      ])
    },
  )

  test('a folder given as a file keeps its mode', async () => {
    await mkdir(at('data'), { mode: 0o755 })
    const { watch } = start([{ file: at('data') }])
    await watch.ready
    expect(await modeOf(at('data'))).toBe(0o755)
  })
})

test('reload reads at once, and answers what there is', async () => {
  await put('tokens.txt', 'a1')
  const { watch, lists } = start([{ file: at('tokens.txt') }])
  await watch.ready
  await put('tokens.txt', 'b2')
  expect(tokensOf(await watch.reload())).toEqual(['b2'])
  expect(lists).toEqual([['a1'], ['b2']])
})

test('after close nothing is read, called or scheduled', async () => {
  await put('tokens.txt', 'a1')
  const { watch, lists } = start([{ file: at('tokens.txt') }])
  await watch.ready
  await clock.armed(pollMs)
  await put('tokens.txt', 'b2')
  const reading = watch.reload()
  watch.close()
  await reading
  expect(lists).toEqual([['a1']])
  expect(clock.pending).toBe(0)
})

test('closed while it reads for the first time it does not begin to watch', async () => {
  await put('tokens.txt', 'a1')
  const { watch, lists } = start([{ file: at('tokens.txt') }])
  watch.close()
  await watch.ready
  await new Promise((resolve) => setImmediate(resolve))
  expect(lists).toEqual([])
  expect(clock.pending).toBe(0)
})

test('fault 66: nothing that is said holds a secret', async () => {
  const secret = canary('watched')
  await put('tokens.txt', `${secret}\n${secret}\n"${secret}"`)
  const { watch, problems } = start([{ file: at('tokens.txt') }, { text: secret, from: 'TOKEN' }])
  const found = await watch.ready
  await put('tokens.txt', `["${secret}`)
  await poll()
  await poll()
  expect(problems).toHaveLength(5)
  expect(leaked({ secret }, [problems, found])).toEqual([])
})

test('a source may name its bare tokens otherwise', async () => {
  await put('keys.txt', 'sk-one')
  const found = await start([
    { file: at('keys.txt'), field: 'apiKey' },
    { text: 't-two', from: 'T' },
  ]).watch.ready
  expect(found.credentials.map(({ values }) => Object.keys(values))).toEqual([['apiKey'], ['token']])
})

test.skipIf(process.platform === 'win32')('a mounted secret may be read by others where that is wanted', async () => {
  await put('mounted', 'sk-one')
  await chmod(at('mounted'), 0o444)
  const { watch, lists, problems } = start([{ file: at('mounted'), allowOthersToRead: true }])
  await watch.ready
  expect([lists, problems]).toEqual([[['sk-one']], []])
  expect((await stat(at('mounted'))).mode & 0o777).toBe(0o444)
})
