import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { ReasoningSeal } from '@dragoman/core'
import { withOrigin } from './reasoning-origin.ts'

/** What every sealed value begins with: the form, and its version. */
export const sealMark = 'dg1.'

/** Nobody thinks longer than this: what unpacks to more was not packed here. */
const maxBytes = 32 * 1024 * 1024

const nonceBytes = 12
const tagBytes = 16

export interface ReasoningSealOptions {
  /** 32 bytes. Values outlive the process where the key does. */
  readonly key: Uint8Array
  /** Id of the client key: nobody else can have the value opened. */
  readonly client: string
  /** Of the answer that is being sealed; asked with each. */
  readonly origin: () => string | undefined
}

/**
 * Makes reasoning an opaque value for a client that only keeps it: packed, encrypted (AES-256-GCM, by a key of its own
 * that is derived from `key`) and bound to that client. What comes back says where it is from.
 */
export function createReasoningSeal({ key, client, origin }: ReasoningSealOptions): ReasoningSeal {
  const bound = Buffer.from(client)
  let derived: Buffer | undefined
  const ownKey = () => {
    derived ??= Buffer.from(hkdfSync('sha256', key, '', 'dragoman reasoning', 32))
    return derived
  }
  return {
    seal({ text, details = [] }) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', ownKey(), nonce)
      cipher.setAAD(bound)
      const packed = deflateRawSync(JSON.stringify([origin() ?? '', text, details]))
      const sealed = Buffer.concat([nonce, cipher.update(packed), cipher.final(), cipher.getAuthTag()])
      return sealMark + sealed.toString('base64url')
    },
    open(value) {
      if (!value.startsWith(sealMark)) return undefined
      const sealed = Buffer.from(value.slice(sealMark.length), 'base64url')
      if (sealed.length < nonceBytes + tagBytes) return undefined
      try {
        const decipher = createDecipheriv('aes-256-gcm', ownKey(), sealed.subarray(0, nonceBytes))
        decipher.setAAD(bound)
        decipher.setAuthTag(sealed.subarray(-tagBytes))
        const packed = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()])
        const [from, text, details] = JSON.parse(inflateRawSync(packed, { maxOutputLength: maxBytes }).toString())
        return { text, details: withOrigin(details, from) }
      } catch {
        return undefined // of another client, of another server, or broken: the client's text has to do
      }
    },
  }
}
