import { type CallerSignal, type Credential, type CredentialPool, DragomanError, toDragomanError } from '@dragoman/core'
import type { Target } from './deployments.ts'

/**
 * Which credentials one request need not be offered again. A rate limit, or a 403, is about a credential and one model;
 * any other failure is about the credential itself. By pool, because several deployments may share one.
 */
export class TriedCredentials {
  #tried = new Map<CredentialPool, { everywhere: Set<Credential>; byModel: Map<string, Set<Credential>> }>()

  add(pool: CredentialPool, model: string, credential: Credential, { code }: DragomanError): void {
    const tried = this.#of(pool)
    if (code !== 'rate_limited' && code !== 'credential_forbidden') tried.everywhere.add(credential)
    else tried.byModel.set(model, new Set(tried.byModel.get(model)).add(credential))
  }

  /** Undefined while there are none. */
  exclude(pool: CredentialPool, model: string): ReadonlySet<Credential> | undefined {
    const tried = this.#tried.get(pool)
    return tried && new Set([...tried.everywhere, ...(tried.byModel.get(model) ?? [])])
  }

  /** What a target's pool has to say to a request that may make no more calls. */
  remaining({ entry: { id, credentials }, model }: Target, signal: CallerSignal): DragomanError {
    try {
      const given = credentials.lease({ signal, model, exclude: this.exclude(credentials, model), waitMs: 0 })
      Promise.resolve(given).then(
        (lease) => lease.settle({ kind: 'aborted' }),
        () => {},
      )
      const message = `The credentials of ${id} that were tried failed, and others are left: try again`
      return new DragomanError('no_credential', message, { retryAfterMs: 1_000 })
    } catch (cause) {
      return toDragomanError(cause)
    }
  }

  #of(pool: CredentialPool) {
    const tried = this.#tried.get(pool) ?? { everywhere: new Set(), byModel: new Map() }
    this.#tried.set(pool, tried)
    return tried
  }
}
