import { randomBytes } from 'node:crypto'
import type { NewKey } from '@dragoman/core'
import { digestOf } from './http/authenticate.ts'

/** A key of 256 random bits. `text` is for who asked for it, once; what is kept has only its digest. */
export function newKey(more: Pick<NewKey, 'name' | 'rights' | 'parent' | 'createdAt'>): { text: string; key: NewKey } {
  const text = `dk_${randomBytes(32).toString('base64url')}`
  const id = `ck_${randomBytes(8).toString('hex')}`
  return { text, key: { ...more, id, hash: digestOf(text), ending: text.slice(-4) } }
}
