import { hkdf, randomBytes, scrypt } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { type Clock, DragomanError, Secret, systemClock } from '@dragoman/core'
import { FileLocks } from './file-lock.ts'
import { errorName, keepPrivate } from './private-mode.ts'
import { replaceFile } from './replace-file.ts'

/** What vaults are sealed with; does not print itself. */
export interface VaultKey {
  readonly kind: 'raw' | 'passphrase'
  /** 64 hex digits, or the passphrase. */
  readonly secret: Secret
}

const shortestPassphrase = 12

/**
 * Reads a key as it stands in `SESSION_ENCRYPTION_KEY`: 64 hex digits or 32 bytes in base64 (of either alphabet) are
 * the key itself, anything else is a passphrase of at least 12 characters. White space around it does not count.
 * Throws where it is empty or shorter.
 */
export function vaultKey(text: string): VaultKey {
  const given = text.trim()
  if (/^[0-9a-f]{64}$/i.test(given)) return { kind: 'raw', secret: new Secret(given.toLowerCase()) }
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(given)) {
    const bytes = Buffer.from(given, 'base64url')
    // What is no 32 bytes exactly was not encoded but thought of.
    if (bytes.toString('base64url') === given.replace('=', '').replaceAll('+', '-').replaceAll('/', '_')) {
      return { kind: 'raw', secret: new Secret(bytes.toString('hex')) }
    }
  }
  if (given.length >= shortestPassphrase) return { kind: 'passphrase', secret: new Secret(given) }
  throw new DragomanError(
    'internal',
    `The vault's key has ${given.length} characters: give 64 hex digits, 32 bytes in base64, or a passphrase of at least ${shortestPassphrase}`,
  )
}

export interface VaultKeyFileOptions {
  readonly clock?: Clock | undefined
  /** That the file was made, or its mode repaired. */
  readonly onNotice?: ((message: string) => void) | undefined
}

/**
 * The key in a file, read as `vaultKey` does; where there is no such file, 32 random bytes are written to it as hex
 * digits, with mode 0600. Programs that come at the same time agree on one key. Rejects with a `DragomanError` where
 * the file cannot be read, cannot be kept from other users, or holds no key.
 */
export async function vaultKeyFile(path: string, options: VaultKeyFileOptions = {}): Promise<VaultKey> {
  const { clock = systemClock, onNotice } = options
  try {
    const present = await readKey(path, onNotice)
    if (present) return present
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return await new FileLocks(clock).during(`${path}.lock`, async () => {
      const made = await readKey(path, onNotice)
      if (made) return made
      const hex = randomBytes(32).toString('hex')
      await replaceFile(path, Buffer.from(`${hex}\n`))
      onNotice?.(`${path}: made, with a new key. Whoever loses it loses the sessions that are sealed with it`)
      return vaultKey(hex)
    })
  } catch (error) {
    if (error instanceof DragomanError) throw error
    throw new DragomanError('internal', `${path} cannot be read or made (${errorName(error)})`, { cause: error })
  }
}

async function readKey(path: string, onNotice: VaultKeyFileOptions['onNotice']): Promise<VaultKey | undefined> {
  let text: string
  try {
    const privacy = await keepPrivate(path, { mode: 0o600 })
    if (privacy.kind === 'refused') throw new DragomanError('internal', `${path} ${privacy.words}`)
    if (privacy.kind === 'repaired') onNotice?.(`${path} ${privacy.words}`)
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errorName(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    return vaultKey(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable'
    throw new DragomanError('internal', `${path} holds no key. ${reason}`)
  }
}

const derive = { hkdf: promisify(hkdf), scrypt: promisify<string, Buffer, number, object, Buffer>(scrypt) }

/** N = 2^15 takes 32 MB for a moment, which is just above what Node allows by default. */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }

const derivedKeys = new WeakMap<VaultKey, Map<string, Promise<Buffer>>>()

/** A vault has one salt for as long as it has one key; what is kept beyond it is for those of other files. */
const mostKept = 16

/** The key of one file, from the one for all of them. A passphrase takes about 0.1 s the first time. */
export function derivedKey(key: VaultKey, salt: Buffer): Promise<Buffer> {
  const kept = derivedKeys.get(key) ?? new Map<string, Promise<Buffer>>()
  derivedKeys.set(key, kept)
  const name = salt.toString('hex')
  const known = kept.get(name)
  if (known) return known
  if (kept.size >= mostKept) kept.clear()
  const made = deriveNow(key, salt)
  kept.set(name, made)
  return made
}

async function deriveNow({ kind, secret }: VaultKey, salt: Buffer): Promise<Buffer> {
  if (kind === 'passphrase') return await derive.scrypt(secret.reveal(), salt, 32, cost)
  const bytes = await derive.hkdf('sha256', Buffer.from(secret.reveal(), 'hex'), salt, 'dragoman vault 1', 32)
  return Buffer.from(bytes)
}
