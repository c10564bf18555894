import { type Credential, type CredentialPool, DragomanError } from '@dragoman/core'

/**
 * Credentials that are what they are: nothing is cooled, renewed or disabled. Fewest in flight first.
 *
 * Without any, one without values stands in, for services that ask for none.
 */
export function staticCredentials(credentials: readonly Credential[]): CredentialPool {
  const slots = (credentials.length > 0 ? credentials : [{ id: 'none', values: {} }]).map((credential) => ({
    credential,
    inFlight: 0,
  }))
  return {
    lease({ signal, exclude }) {
      if (signal.aborted) throw signal.reason
      const [first, ...others] = slots.filter(({ credential }) => !exclude?.has(credential))
      if (!first) throw new DragomanError('no_credential', 'Every credential has been tried')
      const slot = others.reduce((least, other) => (other.inFlight < least.inFlight ? other : least), first)
      slot.inFlight++
      let isOpen = true
      return {
        credential: slot.credential,
        settle() {
          if (isOpen) slot.inFlight--
          isOpen = false
        },
      }
    },
    status: () => slots.map(({ credential, inFlight }) => ({ id: credential.id, state: 'ready', inFlight })),
  }
}
