import {
  type ClientBudget,
  DragomanError,
  type KeyChange,
  type KeyRights,
  type KeyStore,
  type StoredKey,
} from '@dragoman/core'
import { definedOf, narrowed, widerField } from './narrower-rights.ts'
import { newKey } from './new-key.ts'

/** Fields of a key's rights; null takes a limit away, undefined says nothing. */
export type RightsChange = {
  readonly [F in Exclude<keyof KeyRights, 'budget'>]?: KeyRights[F] | null
} & { readonly budget?: { readonly [F in keyof ClientBudget]?: ClientBudget[F] | null } | null | undefined }

export interface KeyRequest {
  readonly name?: string | null | undefined
  readonly rights: RightsChange
  readonly isDisabled?: boolean | undefined
}

/** A child's child's child may be made, and so on; each request with such a key looks at all that are above it. */
const mostAncestors = 8

/**
 * Makes a key, of which `text` is known now and never again. With a parent it may do at most what that may: what is not
 * said is as the parent has it, and what is wider is refused. Rejects with `invalid_request` or `permission_denied`.
 */
export async function createKey(
  store: KeyStore,
  { name, rights: asked, parent }: KeyRequest & { parent?: string | undefined },
  now: number,
): Promise<{ text: string; key: StoredKey }> {
  const line = await ancestors(store, parent)
  checkAncestors(line, parent)
  const rights = changedRights({}, asked, rightsOfLine(line))
  const { text, key } = newKey({ name: name ?? undefined, rights, parent, createdAt: now })
  return { text, key: await store.create(key) }
}

/** Changes what is said of a key. Rejects with `not_found`, `invalid_request` or `permission_denied`. */
export async function updateKey(store: KeyStore, id: string, request: KeyRequest): Promise<StoredKey> {
  const line = await ancestors(store, (await store.get(id))?.parent)
  const allowed = rightsOfLine(line)
  const change = (key: StoredKey): KeyChange => {
    if (key.revokedAt !== undefined) {
      throw new DragomanError('invalid_request', `The key ${id} was revoked, for good: make another one`, {
        publicCode: 'key_revoked',
      })
    }
    const isAbout = Object.keys(definedOf(request.rights)).length > 0
    const rights = isAbout ? changedRights(key.rights, request.rights, allowed) : undefined
    return { name: request.name, rights, isDisabled: request.isDisabled }
  }
  return (await store.update(id, change)) ?? noSuchKey(id)
}

export async function revokeKey(store: KeyStore, id: string, now: number): Promise<StoredKey> {
  return (await store.revoke(id, now)) ?? noSuchKey(id)
}

export function noSuchKey(id: string): never {
  throw new DragomanError('not_found', `There is no client key ${JSON.stringify(id.slice(0, 100))}`, {
    publicCode: 'key_not_found',
  })
}

export type KeyState = 'active' | 'disabled' | 'expired' | 'revoked'

/** Of the key alone: with a parent, that one's counts too. */
export function stateOf({ revokedAt, isDisabled, rights }: StoredKey, now: number): KeyState {
  if (revokedAt !== undefined) return 'revoked'
  if (rights.expiresAt !== undefined && rights.expiresAt <= now) return 'expired'
  return isDisabled ? 'disabled' : 'active'
}

async function ancestors(store: KeyStore, parent: string | undefined): Promise<readonly StoredKey[]> {
  const line: StoredKey[] = []
  for (let id = parent; id !== undefined; id = line.at(-1)?.parent) {
    const key = await store.get(id)
    if (!key) break
    line.push(key)
  }
  return line
}

function checkAncestors(line: readonly StoredKey[], parent: string | undefined): void {
  const fault = (message: string) => new DragomanError('invalid_request', message, { param: 'parent' })
  if (parent !== undefined && line.length === 0)
    throw fault(`parent: there is no key ${JSON.stringify(parent.slice(0, 100))}`)
  const revoked = line.find(({ revokedAt }) => revokedAt !== undefined)
  if (revoked) throw fault(`parent: the key ${revoked.id} was revoked`)
  if (line.length > mostAncestors) throw fault(`parent: at most ${mostAncestors} keys may stand above one`)
}

/** What one may do who is below all of these; undefined where there are none. */
function rightsOfLine(line: readonly StoredKey[]): KeyRights | undefined {
  const [nearest, ...others] = line
  return nearest && others.reduce((rights, other) => narrowed(rights, other.rights), nearest.rights)
}

/** The rights with this change. What is not said is no wider than `allowed`; what is said and wider is refused. */
function changedRights(before: KeyRights, change: RightsChange, allowed: KeyRights | undefined): KeyRights {
  const base = allowed ? narrowed(before, allowed) : before
  const budget = change.budget === null ? {} : withoutNulls({ ...base.budget, ...change.budget })
  const isBudget = Object.keys(budget).some((name) => name !== 'timeZone')
  const rights = withoutNulls({ ...base, ...definedOf(change), budget: isBudget ? budget : undefined })
  const field = allowed && widerField(rights, allowed)
  if (field === undefined) return rights
  const name = fieldNames[field] ?? field
  throw new DragomanError('permission_denied', `${name}: the parent of this key may not do so much`, {
    param: name,
    publicCode: 'wider_than_parent',
  })
}

function withoutNulls<T extends object>(fields: T): { [F in keyof T]?: Exclude<T[F], null> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(kept) as { [F in keyof T]?: Exclude<T[F], null> }
}

/** As bodies of the admin's have them. */
const fieldNames: Readonly<Record<string, string>> = {
  requestsPerMinute: 'requests_per_minute',
  tokensPerMinute: 'tokens_per_minute',
  expiresAt: 'expires_at',
  'budget.tokensPerDay': 'budget.tokens_per_day',
  'budget.tokensPerMonth': 'budget.tokens_per_month',
  'budget.timeZone': 'budget.time_zone',
  'allow.hostedTools': 'allow.hosted_tools',
}
