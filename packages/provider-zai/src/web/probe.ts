import { type AcquireCall, type Credential, isDragomanError } from '@dragoman/core'
import type { HttpClient } from '@dragoman/upstream'
import { roleOf, sessionOf } from './session.ts'

/** Whether the site still knows a token. That of a guest is no account's, wherever one was given as such. */
export async function probe(
  held: Credential,
  call: AcquireCall,
  http: HttpClient,
): Promise<'ok' | 'rejected' | 'challenged'> {
  try {
    const role = await roleOf(held, call, http)
    return role === 'guest' && !sessionOf(held).isGuest ? 'rejected' : 'ok'
  } catch (error) {
    if (!isDragomanError(error)) throw error
    if (error.code === 'credential_rejected' || error.code === 'credential_disabled') return 'rejected'
    if (error.code === 'upstream_challenge') return 'challenged'
    throw error // it says nothing about the token
  }
}
