import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { derivedKey, type VaultKey } from './vault-key.ts'

/*
 * A sealed file, in bytes:
 *
 *     4  'DRGV'
 *     1  version
 *     1  how its key is derived: 0 HKDF (32 random bytes), 1 scrypt (a passphrase)
 *    16  salt, drawn for the file
 *    12  nonce, drawn for every write
 *     n  ciphertext (AES-256-GCM)
 *    16  tag
 *
 * The first 34 bytes and the name are authenticated: a file that was altered, or put in the place of another one, does
 * not open.
 */
const magic = Buffer.from('DRGV')
const version = 1
const derivations = ['raw', 'passphrase'] as const
const saltAt = 6
const nonceAt = 22
const tagLength = 16

/** The part of a sealed file that no two writes have in common. */
export const headerLength = 34

export type Opened =
  | { readonly kind: 'opened'; readonly text: string; readonly salt: Buffer }
  /** Not one of ours, or not whole. */
  | { readonly kind: 'damaged' }
  | { readonly kind: 'unknown-version'; readonly version: number }
  /** Another key, or altered. There is no telling which. */
  | { readonly kind: 'locked' }

export function newSalt(): Buffer {
  return randomBytes(nonceAt - saltAt)
}

/** @param name What the file is called; it only opens under the same name. */
export async function seal(text: string, key: VaultKey, name: string, salt: Buffer): Promise<Buffer> {
  const fixed = Buffer.from([...magic, version, derivations.indexOf(key.kind)])
  const nonce = randomBytes(headerLength - nonceAt)
  const header = Buffer.concat([fixed, salt, nonce])
  const cipher = createCipheriv('aes-256-gcm', await derivedKey(key, salt), nonce, { authTagLength: tagLength })
  cipher.setAAD(Buffer.concat([header, Buffer.from(name)]))
  return Buffer.concat([header, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** Never throws for what the bytes are like. */
export async function unseal(bytes: Buffer, key: VaultKey, name: string): Promise<Opened> {
  if (bytes.length < headerLength + tagLength || !bytes.subarray(0, magic.length).equals(magic))
    return { kind: 'damaged' }
  const found = bytes[magic.length] ?? 0
  if (found !== version) return { kind: 'unknown-version', version: found }
  const derivation = derivations[bytes[magic.length + 1] ?? -1]
  if (derivation === undefined) return { kind: 'damaged' }
  if (derivation !== key.kind) return { kind: 'locked' }

  const header = bytes.subarray(0, headerLength)
  const salt = Buffer.from(bytes.subarray(saltAt, nonceAt))
  const decipher = createDecipheriv('aes-256-gcm', await derivedKey(key, salt), bytes.subarray(nonceAt, headerLength), {
    authTagLength: tagLength,
  })
  decipher.setAAD(Buffer.concat([header, Buffer.from(name)]))
  decipher.setAuthTag(bytes.subarray(-tagLength))
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(headerLength, -tagLength)), decipher.final()])
    return { kind: 'opened', text: text.toString('utf8'), salt }
  } catch {
    return { kind: 'locked' } // all that it says is that the tag does not fit
  }
}
