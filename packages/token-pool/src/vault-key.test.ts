import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startProcess, type TestProcess } from './test-process.ts'
import { derivedKey, vaultKey, vaultKeyFile } from './vault-key.ts'

const bytes = Buffer.from(`${'fb'.repeat(31)}ff`, 'hex')
const raw = bytes.toString('hex')
const shown = (text: string) => {
  const { kind, secret } = vaultKey(text)
  return [kind, secret.reveal()]
}

describe('SESSION_ENCRYPTION_KEY', () => {
  test.each([
    ['hex digits', raw],
    ['capital hex digits', raw.toUpperCase()],
    ['base64', bytes.toString('base64')],
    ['base64 without its padding', bytes.toString('base64').replace('=', '')],
    ['url-safe base64', bytes.toString('base64url')],
    ['url-safe base64 with padding', `${bytes.toString('base64url')}=`],
    ['white space around it', ` ${raw}\n`],
  ])('%s of 32 bytes are the key itself', (_, text) => {
    expect(shown(text)).toEqual(['raw', raw])
  })

  test.each([
    'correct horse battery staple',
    'twelve chars',
    raw.slice(1), // a digit is missing
    `${raw}00`,
    `${'a'.repeat(42)}b`, // 43 letters, which encode no 32 bytes
  ])('anything else is a passphrase: %s', (text) => {
    expect(shown(text)).toEqual(['passphrase', text])
  })

  test.each(['', '   ', 'eleven char'])('%j is too short, and is not repeated', (text) => {
    expect(() => vaultKey(text)).toThrow(
      `The vault's key has ${text.trim().length} characters: give 64 hex digits, 32 bytes in base64, or a passphrase of at least 12`,
    )
  })

  test('a key does not print itself', () => {
    expect(inspect(vaultKey(raw), { depth: null, showHidden: true }) + JSON.stringify(vaultKey(raw))).not.toContain(
      'fbfb',
    )
  })

  test.each([raw, 'correct horse battery staple'])(
    'each salt gives a key of its own, and always the same',
    async (text) => {
      const [one, two] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)]
      const first = await derivedKey(vaultKey(text), one)
      expect(first).toHaveLength(32)
      expect(await derivedKey(vaultKey(text), one)).toEqual(first)
      expect(await derivedKey(vaultKey(text), two)).not.toEqual(first)
    },
  )

  // The expected keys are from Python's hashlib.
  test('keys are derived as the format says, so that vaults of earlier versions open', async () => {
    const salt = Buffer.alloc(16, 7)
    const keys = await Promise.all(
      [raw, 'correct horse battery staple'].map((text) => derivedKey(vaultKey(text), salt)),
    )
    expect(keys.map((key) => key.toString('hex'))).toMatchInlineSnapshot(`
      [
        "d1ce53f44d116336cd9229ec4b3c9482f029231ff83d324f99e218c3b5bafcd5",
        "418001f224426b0fda3f6174297a7af6529725d2d4f5192e78bfc8b2851d6e55",
      ]
    `)
  })
})

describe('a key file', () => {
  let folder: string
  let path: string
  let notices: string[]
  let children: TestProcess[]
  const onNotice = (notice: string) => notices.push(notice.replace(folder, ''))

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dragoman-key-'))
    path = join(folder, 'vault.key')
    notices = []
    children = []
  })
  afterEach(async () => {
    for (const child of children) await child.kill()
    await rm(folder, { recursive: true })
  })

  test('is made where it is missing, for its owner alone, and read from then on', async () => {
    const made = await vaultKeyFile(path, { onNotice })
    expect(made.kind).toBe('raw')
    expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['vault.key'])
    expect((await vaultKeyFile(path, { onNotice })).secret.reveal()).toBe(made.secret.reveal())
    expect(notices).toEqual([
      '/vault.key: made, with a new key. Whoever loses it loses the sessions that are sealed with it',
    ])
  })

  test('may hold any kind of key', async () => {
    await writeFile(path, `${bytes.toString('base64')}\n`, { mode: 0o600 })
    expect((await vaultKeyFile(path)).secret.reveal()).toBe(raw)
  })

  test('fault 70: one that others can read is repaired, and it is said', async () => {
    await writeFile(path, raw, { mode: 0o600 })
    await chmod(path, 0o644)
    await vaultKeyFile(path, { onNotice })
    expect(notices).toEqual(['/vault.key could be read by other users (mode 0644); its mode is 0600 now'])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('that holds none is an error, and stays as it is', async () => {
    await writeFile(path, 'too short', { mode: 0o600 })
    await expect(vaultKeyFile(path)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining(`${path} holds no key. The vault's key has 9 characters`),
    })
    expect(await readFile(path, 'utf8')).toBe('too short')
  })

  test('is made with its folder', async () => {
    const deep = join(folder, 'none', 'vault.key')
    const made = await vaultKeyFile(deep)
    expect((await vaultKeyFile(deep)).secret.reveal()).toBe(made.secret.reveal())
  })

  test('that cannot be made is an error that names it', async () => {
    await writeFile(join(folder, 'file'), '')
    const nowhere = join(folder, 'file', 'vault.key')
    await expect(vaultKeyFile(nowhere)).rejects.toThrow(`${nowhere} cannot be read or made (ENOTDIR)`)
  })

  test('many at once in one process agree on one key', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => vaultKeyFile(path)))
    expect(new Set(keys.map((key) => key.secret.reveal())).size).toBe(1)
  })

  test('four processes at once agree on one key', async () => {
    for (let i = 0; i < 4; i++) children.push(startProcess('./test-vault-process.ts', 'key', path))
    await Promise.all(children.map((child) => child.line('ready')))
    for (const child of children) child.say('go')
    expect(await Promise.all(children.map((child) => child.ended))).toEqual([0, 0, 0, 0])
    const key = (await readFile(path, 'utf8')).trim()
    await Promise.all(children.map((child) => child.line(key)))
  })
})

test('random keys in base64 are always read as what they are', () => {
  for (let i = 0; i < 1000; i++) {
    const random = randomBytes(32)
    for (const encoding of ['base64', 'base64url'] as const) {
      expect(shown(random.toString(encoding))).toEqual(['raw', random.toString('hex')])
    }
  }
})
