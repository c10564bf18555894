import {
  type Clock,
  type Credential,
  DragomanError,
  isDragomanError,
  type Lease,
  type Outcome,
  toDragomanError,
  untilAborted,
} from '@dragoman/core'
import type { TokenPool } from '@dragoman/token-pool'

/** What a service says of a credential when it is asked; `unknown` where it could not be asked. */
export interface CheckedCredential {
  readonly id: string
  readonly outcome: 'ok' | 'rejected' | 'challenged' | 'unknown'
  /** Code of what stood against asking. */
  readonly error?: string | undefined
}

export interface CheckOptions {
  readonly pool: Pick<TokenPool, 'lease'>
  /** A provider's `probe`. */
  readonly probe: (credential: Credential, signal: AbortSignal) => Promise<'ok' | 'rejected' | 'challenged'>
  readonly clock: Clock
}

const atOnce = 8
const probeMs = 30_000
/** For one that other calls use as often as it may be. */
const waitMs = 10_000

/**
 * Asks the service about each credential that could be leased, and has the pool rest or renew those that are refused, as
 * a call would; what was renewed is asked about once more. Those that rest or are disabled are left alone, and an account
 * without a session signs in.
 */
export async function checkCredentials(options: CheckOptions): Promise<readonly CheckedCredential[]> {
  const tried = new Set<Credential>()
  const checked = new Map<string, CheckedCredential>()
  for (;;) {
    const leases = await leaseSome(options.pool, tried)
    if (leases.length === 0) break
    await Promise.all(
      leases.map(async (lease) => {
        const answer = await ask(lease.credential, options)
        checked.set(lease.credential.id, { id: lease.credential.id, ...answer })
        lease.settle(outcomeOf(answer.outcome))
      }),
    )
  }
  return [...checked.values()].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))
}

/** A few that were not tried; none where there are no more to be had. */
async function leaseSome(pool: CheckOptions['pool'], tried: Set<Credential>): Promise<readonly Lease[]> {
  const { signal } = new AbortController() // waiting has its bound
  const leases: Lease[] = []
  try {
    while (leases.length < atOnce) {
      const lease = await pool.lease({ signal, exclude: tried, waitMs })
      tried.add(lease.credential)
      leases.push(lease)
    }
  } catch (error) {
    if (!isDragomanError(error)) throw error
  }
  return leases
}

async function ask(credential: Credential, { probe, clock }: CheckOptions): Promise<Omit<CheckedCredential, 'id'>> {
  const controller = new AbortController()
  const late = new DragomanError('upstream_timeout', `The service did not answer within ${probeMs} ms`)
  const cancel = clock.schedule(() => controller.abort(late), probeMs)
  try {
    return { outcome: await untilAborted(probe(credential, controller.signal), controller.signal) }
  } catch (error) {
    return { outcome: 'unknown', error: toDragomanError(error, controller.signal).code }
  } finally {
    cancel()
  }
}

function outcomeOf(outcome: CheckedCredential['outcome']): Outcome {
  switch (outcome) {
    case 'ok':
      return { kind: 'ok' }
    case 'rejected':
      return failed('credential_rejected', 'The service does not take it')
    case 'challenged':
      return failed('upstream_challenge', 'The service asks for a person')
    case 'unknown':
      return { kind: 'aborted' } // it says nothing about the credential
  }
}

function failed(code: 'credential_rejected' | 'upstream_challenge', message: string): Outcome {
  return { kind: 'failed', error: new DragomanError(code, message, { origin: 'upstream' }) }
}
