import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, DragomanError } from '@dragoman/core'
import { validate } from '@dragoman/openai-schema'
import { z } from 'zod'
import { exchangeOf, header } from '../http/exchange.ts'
import type { Handler } from '../http/handler.ts'
import type { bodyReader } from '../http/read-json.ts'
import { sendJson } from '../http/send-json.ts'
import type { ProviderCredentials } from '../provider-credentials.ts'
import { type Providers, statsOf, tokenDetail, updaterOf } from './token-details.ts'

export interface AdminOptions {
  readonly credentials: Providers
  readonly clock: Clock
  readonly readJson: ReturnType<typeof bodyReader>
}

export interface AdminRoute {
  readonly path: string
  readonly get?: Handler
  readonly post?: Handler
  readonly patch?: Handler
  readonly delete?: Handler
}

/** All that is below `/admin`. Whoever gets here has the key. Errors: 400, 404 and 502, in OpenAI's form. */
export function adminRoutes({ credentials, clock, readJson }: AdminOptions): readonly AdminRoute[] {
  const sendStats = (response: ServerResponse, providers: Providers) =>
    sendJson(response, statsOf(providers, clock.now()))

  /** For all of the providers that were asked for; answers how they are then. */
  const each =
    (act: (provider: ProviderCredentials) => void): Handler =>
    (_request, response) => {
      const providers = askedProviders(credentials, response)
      for (const provider of providers.values()) act(provider)
      sendStats(response, providers)
    }

  /** For one credential; answers how it is then. */
  const one =
    (act: (found: Found, request: IncomingMessage, response: ServerResponse) => unknown): Handler =>
    async (request, response) => {
      const id = idOf(request.params)
      await act(findToken(credentials, id), request, response)
      // It may have been taken away meanwhile.
      const { provider, status } = findToken(credentials, id)
      sendJson(response, tokenDetail(provider, status, clock.now()))
    }

  return [
    { path: '/admin/tokens/stats', get: each(() => {}) },
    {
      path: '/admin/tokens/updater',
      get: (_request, response) => sendJson(response, updaterOf(askedProviders(credentials, response))),
    },
    { path: '/admin/tokens/reset-all', post: each(({ pool }) => pool.resetAll()) },
    { path: '/admin/tokens/reset-counters', post: each(({ pool }) => pool.resetCounters()) },
    {
      path: '/admin/tokens/reload',
      async post(_request, response) {
        const providers = askedProviders(credentials, response)
        const reloaded = await reload(providers)
        sendJson(response, { reloaded, ...statsOf(providers, clock.now()) })
      },
    },
    {
      path: '/admin/tokens/refresh',
      async post(_request, response) {
        const providers = askedProviders(credentials, response)
        await refresh(providers)
        sendStats(response, providers)
      },
    },
    {
      path: '/admin/tokens/check',
      async post(_request, response) {
        const providers = askedProviders(credentials, response)
        const checked = await check(providers)
        sendJson(response, { checked, ...statsOf(providers, clock.now()) })
      },
    },
    { path: '/admin/tokens/:id', get: one(() => {}) },
    { path: '/admin/tokens/:id/reset', post: one(({ pool, status }) => pool.reset(status.id)) },
    { path: '/admin/tokens/:id/enable', post: one(({ pool, status }) => pool.enable(status.id)) },
    {
      path: '/admin/tokens/:id/disable',
      post: one(async ({ pool, status }, request, response) =>
        pool.disable(status.id, await readReason(request, response, readJson)),
      ),
    },
    {
      path: '/admin/tokens/:id/refresh',
      post: one(({ provider, pool, status }) => refreshOne(provider, pool, status.id)),
    },
  ]
}

type Pool = ProviderCredentials['pool']

interface Found {
  readonly provider: string
  readonly pool: Pool
  readonly status: ReturnType<Pool['status']>[number]
}

/** As the router leaves the parameters of a path that has an `:id`. */
export function idOf(params: unknown): string {
  return typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : ''
}

function findToken(credentials: Providers, id: string): Found {
  const ids: string[] = []
  for (const [provider, { pool }] of credentials) {
    for (const status of pool.status()) {
      if (status.id === id) return { provider, pool, status }
      ids.push(status.id)
    }
  }
  throw notFound('token', id, ids)
}

/** Those that the query names by `provider`, else all. */
function askedProviders(credentials: Providers, response: ServerResponse): Providers {
  const asked = exchangeOf(response).query.getAll('provider')
  if (asked.length === 0) return credentials
  return new Map(
    asked.map((id) => {
      const found = credentials.get(id)
      if (!found) throw notFound('provider', id, [...credentials.keys()])
      return [id, found]
    }),
  )
}

const mostNamed = 20

function notFound(what: 'token' | 'provider', id: string, ids: readonly string[]): DragomanError {
  const rest = ids.length - mostNamed
  const named = ids.slice(0, mostNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
  const hint = ids.length === 0 ? 'there is none' : `there ${ids.length === 1 ? 'is' : 'are'} ${named}`
  const message = `There is no ${what} ${JSON.stringify(id.slice(0, 100))}: ${hint}`
  return new DragomanError('unknown_url', message, { publicCode: `${what}_not_found` })
}

const disableBody = z.strictObject({ reason: z.string().max(200).optional() })

async function readReason(
  request: IncomingMessage,
  response: ServerResponse,
  readJson: AdminOptions['readJson'],
): Promise<string | undefined> {
  const { headers } = request
  const isThere = headers['transfer-encoding'] !== undefined || Number(header(headers, 'content-length') ?? 0) > 0
  if (!isThere) return undefined
  const { value } = await readJson(request, response)
  const checked = validate(disableBody, value)
  if (!checked.ok) {
    const { param, message, code } = checked.issue
    throw new DragomanError('invalid_request', message, { param: param || undefined, publicCode: code })
  }
  return checked.value.reason?.trim() || undefined
}

/** All are read before one that failed is told of. */
async function reload(providers: Providers) {
  const outcomes = await Promise.allSettled(
    [...providers].map(async ([id, provider]) => {
      const before = new Set(idsOf(provider))
      const { credentials, problems } = await provider.reload()
      const after = new Set(idsOf(provider))
      const added = [...after].filter((token) => !before.has(token))
      const removed = [...before].filter((token) => !after.has(token))
      return { id, found: credentials.length, added, removed, problems }
    }),
  )
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

function idsOf({ pool }: ProviderCredentials): string[] {
  return pool.status().map(({ id }) => id)
}

/** Asks those services that can be asked. */
async function check(providers: Providers) {
  const checks = [...providers.values()].flatMap((provider) => provider.check?.() ?? [])
  if (checks.length > 0) return (await Promise.all(checks)).flat()
  const ids = [...providers.keys()]
  const which = ids.length === 1 ? `of the provider ${ids[0]}` : 'of any provider'
  const message = `The service ${which} has no cheap way to ask whether it takes a credential`
  throw new DragomanError('invalid_request', message, { publicCode: 'not_checkable' })
}

/** Renews what can be renewed. */
async function refresh(providers: Providers): Promise<void> {
  const renewable = [...providers].filter(([, { pool }]) => pool.stats().refresh.isEnabled)
  if (renewable.length === 0) throw notRenewable([...providers.keys()])
  const outcomes = await Promise.all(renewable.map(([, { pool }]) => pool.refresh()))
  tellFailures(outcomes.flat())
}

async function refreshOne(provider: string, pool: Pool, id: string): Promise<void> {
  if (!pool.stats().refresh.isEnabled) throw notRenewable([provider])
  tellFailures(await pool.refresh(id))
}

function notRenewable(providers: readonly string[]): DragomanError {
  const which = providers.length === 1 ? `the provider ${providers[0]}` : 'any provider'
  const message = `The credentials of ${which} are used as they were given and cannot be renewed`
  return new DragomanError('invalid_request', message, { publicCode: 'not_renewable' })
}

function tellFailures(outcomes: Awaited<ReturnType<Pool['refresh']>>): void {
  const failed = outcomes.filter(({ ok }) => !ok)
  if (failed.length === 0) return
  const rest = failed.length - mostNamed
  const named = failed.slice(0, mostNamed).map(({ id, error }) => `${id}: ${error?.code ?? 'internal'}`)
  const reasons = named.join('; ') + (rest > 0 ? `; and ${rest} more` : '')
  const message = `${failed.length} of ${outcomes.length} could not be renewed: ${reasons}`
  throw new DragomanError('upstream_unavailable', message, { publicCode: 'refresh_failed' })
}
