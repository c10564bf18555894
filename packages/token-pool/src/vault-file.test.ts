import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canary, handClock, leaked } from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StoredSession } from './session-vault.ts'
import { startProcess, type TestProcess } from './test-process.ts'
import { type OpenVaultOptions, openVault } from './vault-file.ts'
import { vaultKey } from './vault-key.ts'

const key = vaultKey('0'.repeat(64))
const otherKey = vaultKey('1'.repeat(64))

const DAY = 86_400_000

let directory: string
let path: string
let children: TestProcess[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dragoman-vault-'))
  path = join(directory, 'zai.vault')
  children = []
})
afterEach(async () => {
  for (const child of children) await child.kill()
  await rm(directory, { recursive: true, force: true })
})

const open = (more: Partial<OpenVaultOptions> = {}) => openVault({ directory, name: 'zai', key, ...more })
const session = (token: string): StoredSession => ({ values: { token }, savedAt: 5 })
const modeOf = async (file: string) => (await stat(file)).mode & 0o777

/** Children that have started, and wait to begin together. */
async function ready(...tasks: string[][]): Promise<TestProcess[]> {
  children = tasks.map((task) => startProcess('./test-vault-process.ts', ...task))
  await Promise.all(children.map((child) => child.line('ready')))
  return children
}

describe('sessions', () => {
  test('survive a restart, with all that they hold', async () => {
    const full = { values: { token: 'µ', refresh: '"' }, savedAt: 1, expiresAt: 2 }
    const vault = await open()
    await vault.save('a', full)
    await vault.save('__proto__', session('p'))
    const later = await open()
    expect(await later.load('a')).toEqual(full)
    expect(await later.load('__proto__')).toEqual(session('p'))
    expect(await later.load('b')).toBeUndefined()
    expect(await later.load('toString')).toBeUndefined()
  })

  test('are replaced by later ones, and deleted', async () => {
    const vault = await open()
    await vault.save('a', session('one'))
    await vault.save('a', session('two'))
    await vault.save('b', session('three'))
    await vault.delete('b')
    await vault.delete('c')
    const later = await open()
    expect(await later.load('a')).toEqual(session('two'))
    expect(await later.load('b')).toBeUndefined()
  })

  test('that another one saved are seen at the next load', async () => {
    const [one, two] = [await open(), await open()]
    await one.save('a', session('one'))
    expect(await two.load('a')).toEqual(session('one'))
    await two.save('a', session('two'))
    expect(await one.load('a')).toEqual(session('two'))
  })

  test('that are saved at the same time are all there, whoever saves them', async () => {
    const vaults = [await open(), await open(), await open()]
    await Promise.all(
      vaults.flatMap((vault, v) => Array.from({ length: 20 }, (_, i) => vault.save(`${v}-${i}`, session(`${v}-${i}`)))),
    )
    const later = await open()
    for (let v = 0; v < 3; v++) {
      for (let i = 0; i < 20; i++) expect(await later.load(`${v}-${i}`)).toEqual(session(`${v}-${i}`))
    }
  })

  test('have their vault’s file alone, which is made when the first is saved', async () => {
    const vault = await open()
    expect(await readdir(directory)).toEqual([])
    await vault.save('a', session('one'))
    expect(await readdir(directory)).toEqual(['zai.vault'])
  })

  test('of several pools are apart', async () => {
    await (await open()).save('a', session('zai'))
    const other = await open({ name: 'k2think' })
    expect(await other.load('a')).toBeUndefined()
    await other.save('a', session('k2'))
    expect(await (await open()).load('a')).toEqual(session('zai'))
  })

  test('that nobody saved or loaded for 90 days leave with the next write', async () => {
    const clock = handClock()
    const vault = await open({ clock })
    for (const name of ['loaded', 'unused']) await vault.save(name, session(name))
    const written = await readFile(path)
    await vault.load('loaded')
    clock.jump(DAY)
    for (let at = 0; at < 3; at++) await vault.load('loaded')
    // What is saved next is written with it, or after it.
    await vault.save('other', session('other'))
    expect(await readFile(path)).not.toEqual(written)
    clock.jump(90 * DAY)
    await vault.save('other', session('other'))
    const later = await open({ clock })
    expect(await later.load('loaded')).toEqual(session('loaded'))
    expect(await later.load('unused')).toBeUndefined()
    await later.save('other', session('other'))
  })

  test('two processes save fifty each: a hundred are there', async () => {
    const [one, two] = await ready(['save', directory, 'one', '50'], ['save', directory, 'two', '50'])
    one?.say('go')
    two?.say('go')
    expect(await Promise.all(children.map((child) => child.ended))).toEqual([0, 0])
    const vault = await open()
    for (const prefix of ['one', 'two']) {
      for (let i = 0; i < 50; i++)
        expect((await vault.load(`${prefix}-${i}`))?.values).toEqual({ token: `${prefix}-${i}` })
    }
    expect(await readdir(directory)).toEqual(['zai.vault'])
  })

  test('are there when the process is killed while it saves others', async () => {
    const [child] = await ready(['save', directory, 'one', '100000'])
    child?.say('go')
    await child?.line('saved 20')
    await child?.kill()
    const vault = await open()
    for (let i = 0; i <= 20; i++) expect((await vault.load(`one-${i}`))?.values).toEqual({ token: `one-${i}` })
    // Neither what it left nor the lock that it held is in the way.
    await vault.save('next', session('next'))
    expect(await readdir(directory)).toEqual(['zai.vault'])
  })
})

describe('encryption', () => {
  test('fault 66: neither the file nor its name nor the lock shows a secret', async () => {
    const [secret, id] = [canary('session'), canary('fingerprint')]
    const vault = await open()
    await vault.save(id, session(secret))
    await vault.lock(`session:${id}`, 1000)
    const names = await readdir(directory)
    expect(names).toHaveLength(2)
    const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'latin1')))
    expect(leaked({ secret, id }, [names, texts])).toEqual([])
    expect(leaked({ secret }, vault)).toEqual([])
  })

  test('every file has a salt of its own, and every write a nonce of its own', async () => {
    const heads: string[][] = []
    for (const name of ['zai', 'k2think']) {
      const vault = await open({ name })
      for (let i = 0; i < 3; i++) {
        await vault.save('a', session('one'))
        const bytes = await readFile(join(directory, `${name}.vault`))
        heads.push([bytes.toString('hex', 6, 22), bytes.toString('hex', 22, 34)])
      }
    }
    expect(new Set(heads.map(([salt]) => salt)).size).toBe(2)
    expect(new Set(heads.map(([, nonce]) => nonce)).size).toBe(6)
  })

  test('a passphrase opens what it closed', async () => {
    const passphrase = () => vaultKey('correct horse battery staple')
    await (await open({ key: passphrase() })).save('a', session('one'))
    expect(await (await open({ key: passphrase() })).load('a')).toEqual(session('one'))
    await expect(open({ key: vaultKey('correct horse battery stable') })).rejects.toThrow('does not open')
  })

  test('previous keys are read, and the next save takes the present one', async () => {
    await (await open({ key: otherKey })).save('a', session('one'))
    const salt = async () => (await readFile(path)).toString('hex', 6, 22)
    const before = await salt()
    const vault = await open({ previousKeys: [vaultKey('correct horse battery staple'), otherKey] })
    expect(await vault.load('a')).toEqual(session('one'))
    await vault.save('b', session('two'))
    expect(await salt()).not.toBe(before)
    const later = await open()
    expect([await later.load('a'), await later.load('b')]).toEqual([session('one'), session('two')])
    await expect(open({ key: otherKey })).rejects.toThrow('does not open')
  })
})

describe('a file that does not open is an error that says what to do, and stays as it is', () => {
  beforeEach(async () => (await open()).save('a', session('one')))

  async function fails(opening: Promise<unknown>, message: string, file = path): Promise<void> {
    const before = await readFile(file)
    await expect(opening).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(new RegExp(`^${file} .*${message}.*move the file away to sign in anew$`)),
    })
    expect(await readFile(file)).toEqual(before)
    expect((await readdir(directory)).filter((name) => !name.endsWith('.vault'))).toEqual([])
  }

  test('another key', () => fails(open({ key: otherKey }), 'Give the key it was sealed with'))

  test('the file of another pool under this name', async () => {
    const other = join(directory, 'k2think.vault')
    await copyFile(path, other)
    await fails(open({ name: 'k2think' }), 'under another name', other)
  })

  test('a later version', async () => {
    const bytes = await readFile(path)
    bytes[4] = 9
    await writeFile(path, bytes)
    await fails(open(), 'is of version 9')
  })

  test('any byte flipped', async () => {
    const bytes = await readFile(path)
    for (let at = 0; at < bytes.length; at++) {
      const spoilt = Buffer.from(bytes)
      spoilt[at] = (spoilt[at] ?? 0) ^ 0xff
      await writeFile(path, spoilt)
      await fails(open({ previousKeys: [otherKey] }), '')
    }
  })

  test('cut at any byte, and empty', async () => {
    const bytes = await readFile(path)
    for (let length = 0; length < bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length))
      await fails(open(), 'damaged')
    }
  })

  test('damaged while it is open: nothing is written over it, and what comes later is saved', async () => {
    const vault = await open()
    const bytes = await readFile(path)
    const spoilt = Buffer.from(bytes)
    spoilt[bytes.length - 1] = (spoilt[bytes.length - 1] ?? 0) ^ 1
    await writeFile(path, spoilt)
    await fails(vault.save('b', session('two')), 'damaged')
    await writeFile(path, bytes)
    await vault.save('c', session('three'))
    const later = await open()
    expect([await later.load('a'), await later.load('b'), await later.load('c')]).toEqual([
      session('one'),
      undefined,
      session('three'),
    ])
  })

  test('moved away: one begins anew', async () => {
    const vault = await open()
    await rm(path)
    expect(await vault.load('a')).toBeUndefined()
    await vault.save('b', session('two'))
    expect(await (await open()).load('b')).toEqual(session('two'))
  })
})

describe('files', () => {
  test('are for their owner alone', async () => {
    await rm(directory, { recursive: true })
    const vault = await open({ directory: join(directory, 'deep', 'vault') })
    await vault.save('a', session('one'))
    expect(await modeOf(join(directory, 'deep', 'vault'))).toBe(0o700)
    expect(await modeOf(join(directory, 'deep', 'vault', 'zai.vault'))).toBe(0o600)
  })

  test('fault 70: a file and a folder that others can read are repaired, and it is said', async () => {
    await (await open()).save('a', session('one'))
    await chmod(path, 0o644)
    await chmod(directory, 0o755)
    const notices: string[] = []
    const vault = await open({ onNotice: (notice) => notices.push(notice) })
    expect(notices).toEqual([
      `${directory} could be read by other users (mode 0755); its mode is 0700 now`,
      `${path} could be read by other users (mode 0644); its mode is 0600 now`,
    ])
    expect([await modeOf(directory), await modeOf(path)]).toEqual([0o700, 0o600])
    expect(await vault.load('a')).toEqual(session('one'))
  })

  test('fault 70: a folder that others are meant to use is refused', async () => {
    await chmod(directory, 0o1777)
    await expect(open()).rejects.toThrow(`${directory} could be read by other users (mode 1777), and is meant to be`)
    expect((await stat(directory)).mode & 0o7777).toBe(0o1777)
  })

  test('left by a crash are removed, and no others', async () => {
    const left = 'zai.vault.6f0c3c6e-0000-4000-8000-000000000000.tmp'
    const others = ['zai.vault.txt.tmp', 'zai.vault.backup', 'k2think.vault.6f0c3c6e-0000-4000-8000-000000000000.tmp']
    for (const name of [left, ...others]) await writeFile(join(directory, name), 'x')
    await open()
    expect(await readdir(directory)).toEqual([...others].sort())
  })

  test('that cannot be used are named', async () => {
    const file = join(directory, 'file')
    await writeFile(file, 'x')
    await expect(open({ directory: join(file, 'vault') })).rejects.toThrow(
      `${join(file, 'vault')} cannot be used (ENOTDIR)`,
    )
    await mkdir(path)
    await expect(open()).rejects.toThrow(`${path} cannot be used (EISDIR)`)
  })

  test('a save that fails says so, and the next one succeeds', async () => {
    const vault = await open()
    await rm(directory, { recursive: true })
    await expect(vault.save('a', session('one'))).rejects.toThrow(/zai\.vault cannot be used \(ENOENT\)/)
    await mkdir(directory)
    await vault.save('b', session('two'))
    expect(await (await open()).load('b')).toEqual(session('two'))
  })

  test.each(['', '../zai', 'a/b', '.zai', 'a b'])('no pool is called %j in a file name', async (name) => {
    await expect(open({ name })).rejects.toThrow("cannot be the name of a vault's file")
  })
})

describe('locks', () => {
  test('are apart from each other, from other pools’, and from saving', async () => {
    const [one, two] = [await open(), await open()]
    const unlock = await one.lock('session:a', 1000)
    expect(await two.lock('session:a', 1000)).toBeUndefined()
    expect(await two.lock('session:b', 1000)).toBeDefined()
    expect(await (await open({ name: 'k2think' })).lock('session:a', 1000)).toBeDefined()
    await two.save('a', session('one'))
    await unlock?.()
    expect(await two.lock('session:a', 1000)).toBeDefined()
  })

  test('of one who never gave it back are taken over after their time', async () => {
    const clock = handClock()
    const [one, two] = [await open({ clock }), await open({ clock })]
    await one.lock('session:a', 90_000)
    expect(await two.lock('session:a', 90_000)).toBeUndefined()
    clock.advanceSync(90_000)
    expect(await two.lock('session:a', 90_000)).toBeDefined()
  })

  test('of a process that was killed are free at once', async () => {
    const [child] = await ready(['lock', directory, 'session:a', '90000'])
    child?.say('go')
    await child?.line('locked')
    const vault = await open()
    expect(await vault.lock('session:a', 90_000)).toBeUndefined()
    await child?.kill()
    expect(await vault.lock('session:a', 90_000)).toBeDefined()
  })

  test('that cannot be made are an error that names them', async () => {
    const vault = await open()
    await rm(directory, { recursive: true })
    await expect(vault.lock('session:a', 1000)).rejects.toThrow(/zai\.[0-9a-f]{32}\.lock cannot be used \(ENOENT\)/)
  })
})
