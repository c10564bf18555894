import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ClientRights, type Clock, DragomanError, type KeyRights, type StoredKey } from '@dragoman/core'
import { validate } from '@dragoman/openai-schema'
import { z } from 'zod'
import { instant, modelPattern, money, readInstant, timeZone, wholeAmount } from '../config/client-schema.ts'
import type { ClientKey } from '../http/authenticate.ts'
import { exchangeOf } from '../http/exchange.ts'
import { sendJson } from '../http/send-json.ts'
import { createKey, type KeyRequest, noSuchKey, revokeKey, stateOf, updateKey } from '../key-changes.ts'
import type { MadeKeys } from '../made-keys.ts'
import { definedOf } from '../narrower-rights.ts'
import { type AdminOptions, type AdminRoute, idOf } from './admin.ts'

export interface AdminKeysOptions {
  readonly made: MadeKeys
  /** Those of the configuration, which can only be looked at. */
  readonly configured: readonly ClientKey[]
  readonly clock: Clock
  readonly readJson: AdminOptions['readJson']
}

const mostListed = 1_000

/** Client keys, below `/admin/keys`. Nothing that is answered holds a key, but for the one that was just made. */
export function adminKeyRoutes({ made, configured, clock, readJson }: AdminKeysOptions): readonly AdminRoute[] {
  const shown = (key: StoredKey) => shownKey(key, clock.now())
  const shownConfigured = () => configured.map((key) => configuredKey(key, clock.now()))

  /** The key of the path, where it is one that was made. */
  const ownId = (request: IncomingMessage & { params: unknown }): string => {
    const id = idOf(request.params)
    if (!configured.some(({ name }) => name === id)) return id
    const message = `The key ${JSON.stringify(id.slice(0, 100))} stands in the configuration, and is changed there`
    throw new DragomanError('invalid_request', message, { publicCode: 'key_read_only' })
  }
  const read = async <T>(schema: z.ZodType<T, T>, request: IncomingMessage, response: ServerResponse): Promise<T> => {
    const checked = validate(schema, (await readJson(request, response)).value)
    if (checked.ok) return checked.value
    const { param, message, code } = checked.issue
    throw new DragomanError('invalid_request', message, { param: param || undefined, publicCode: code })
  }

  return [
    {
      path: '/admin/keys',
      async get(_request, response) {
        const { limit, after } = askedPage(response)
        const page = made.isThere() ? await (await made.store()).list({ limit, before: after }) : { keys: [] }
        sendJson(response, { configured: shownConfigured(), keys: page.keys.map(shown), next: page.next })
      },
      async post(request, response) {
        const body = await read(createBody, request, response)
        const asked = { ...requestOf(body), parent: body.parent ?? undefined }
        const { text, key } = await createKey(await made.store(), asked, clock.now())
        made.changed()
        sendJson(response, { key: text, ...shown(key) })
      },
    },
    {
      path: '/admin/keys/:id',
      async get(request, response) {
        const id = idOf(request.params)
        const ofConfiguration = shownConfigured().find((key) => key.id === id)
        const key = ofConfiguration || !made.isThere() ? undefined : await (await made.store()).get(id)
        sendJson(response, ofConfiguration ?? (key ? shown(key) : noSuchKey(id)))
      },
      async patch(request, response) {
        const id = ownId(request)
        const body = await read(updateBody, request, response)
        const key = await updateKey(await made.store(), id, { ...requestOf(body), isDisabled: body.disabled })
        made.changed()
        sendJson(response, shown(key))
      },
      async delete(request, response) {
        const key = await revokeKey(await made.store(), ownId(request), clock.now())
        made.changed()
        sendJson(response, shown(key))
      },
    },
  ]
}

/** Null takes a limit away. */
const limits = {
  name: z.string().min(1).max(200).nullish(),
  models: z.array(modelPattern.max(200)).max(1_000).nullish(),
  requests_per_minute: wholeAmount.nullish(),
  tokens_per_minute: wholeAmount.nullish(),
  budget: z
    .strictObject({
      day: money.nullish(),
      month: money.nullish(),
      tokens_per_day: wholeAmount.nullish(),
      tokens_per_month: wholeAmount.nullish(),
      time_zone: timeZone.nullish(),
    })
    .nullish(),
  allow: z.strictObject({ hosted_tools: z.boolean().optional() }).nullish(),
  expires_at: instant.nullish(),
}
const createBody = z.strictObject({ ...limits, parent: z.string().min(1).nullish() })
const updateBody = z.strictObject({ ...limits, disabled: z.boolean().optional() })

/** What a body says; what it does not say is undefined. */
function requestOf(body: z.output<typeof updateBody> | z.output<typeof createBody>): KeyRequest {
  const { name, models, requests_per_minute, tokens_per_minute, budget, allow, expires_at } = body
  return {
    name,
    rights: definedOf({
      models,
      requestsPerMinute: requests_per_minute,
      tokensPerMinute: tokens_per_minute,
      budget:
        budget &&
        definedOf({
          day: budget.day,
          month: budget.month,
          tokensPerDay: budget.tokens_per_day,
          tokensPerMonth: budget.tokens_per_month,
          timeZone: budget.time_zone,
        }),
      allow: allow && { hostedTools: allow.hosted_tools },
      expiresAt: typeof expires_at === 'string' ? readInstant(expires_at) : expires_at,
    }),
  }
}

/** A key as it is shown: never its text or its digest. */
export function shownKey(key: StoredKey, now: number) {
  return {
    id: key.id,
    name: key.name,
    hint: `dk_…${key.ending}`,
    state: stateOf(key, now),
    ...shownRights(key.rights),
    parent: key.parent,
    created_at: isoTime(key.createdAt),
    revoked_at: isoTime(key.revokedAt),
    last_used_at: isoTime(key.lastUsedAt),
  }
}

function configuredKey({ name, rights = { id: name }, expiresAt }: ClientKey, now: number) {
  const state = expiresAt !== undefined && expiresAt <= now ? 'expired' : 'active'
  return { id: name, state, ...shownRights({ ...rights, expiresAt }) }
}

function shownRights({
  models,
  requestsPerMinute,
  tokensPerMinute,
  budget,
  allow,
  expiresAt,
}: KeyRights | ClientRights) {
  return {
    models,
    requests_per_minute: requestsPerMinute,
    tokens_per_minute: tokensPerMinute,
    budget: budget && {
      day: budget.day,
      month: budget.month,
      tokens_per_day: budget.tokensPerDay,
      tokens_per_month: budget.tokensPerMonth,
      time_zone: budget.timeZone ?? 'UTC',
    },
    allow: allow && { hosted_tools: allow.hostedTools },
    expires_at: isoTime(expiresAt),
  }
}

function isoTime(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}

function askedPage(response: ServerResponse): { limit: number; after: string | undefined } {
  const { query } = exchangeOf(response)
  const given = query.get('limit') ?? '100'
  const limit = Number(given)
  if (/^\d{1,4}$/.test(given) && limit >= 1 && limit <= mostListed)
    return { limit, after: query.get('after') ?? undefined }
  throw new DragomanError('invalid_request', `limit: expected a whole number from 1 to ${mostListed}`, {
    param: 'limit',
  })
}
