import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, DragomanError } from '@dragoman/core'
import type { ExplainedCredentials, ExplainedTarget, Explanation, Gateway } from '@dragoman/gateway'
import { validate } from '@dragoman/openai-schema'
import { z } from 'zod'
import { didYouMean } from '../config/nearest.ts'
import type { Client, ClientKey } from '../http/authenticate.ts'
import type { OpenRequests } from '../http/exchange.ts'
import type { bodyReader } from '../http/read-json.ts'
import { sendJson } from '../http/send-json.ts'
import type { MadeKeys } from '../made-keys.ts'
import type { AdminRoute } from './admin.ts'

export interface ExplainOptions {
  readonly gateway: Gateway
  readonly open: OpenRequests
  readonly clock: Clock
  readonly readJson: ReturnType<typeof bodyReader>
  /** Those of the configuration. */
  readonly keys: readonly ClientKey[] | undefined
  readonly madeKeys?: Pick<MadeKeys, 'client'> | undefined
}

const asked = z.strictObject({
  model: z.string().min(1),
  variant: z.string().min(1).optional(),
  key: z.string().min(1).max(200).optional(),
})

/** `POST /admin/explain`: where a request would go, without one. Errors: 400, 404. */
export function explainRoute(options: ExplainOptions): AdminRoute {
  const { gateway, open, readJson, clock } = options
  return {
    path: '/admin/explain',
    async post(request: IncomingMessage, response: ServerResponse) {
      const { value } = await readJson(request, response)
      const checked = validate(asked, value)
      if (!checked.ok) {
        const { param, message, code } = checked.issue
        throw new DragomanError('invalid_request', message, { param: param || undefined, publicCode: code })
      }
      const { model, variant, key } = checked.value
      if (variant !== undefined && !gateway.variants.has(variant)) throw noVariant(variant, gateway)
      const client = key === undefined ? undefined : await clientCalled(key, options)
      const signal = open.abortSignal(response)
      const explanation = await gateway.explain(model, { signal, variant, rights: client?.rights })
      if (!explanation) throw await noModel(gateway, model, { signal, variant })
      sendJson(response, { ...shownTimes(explanation), key, keyEnded: client && whyEnded(client, clock.now()) })
    },
  }
}

/** The error for a name that nothing serves. */
export async function noModel(
  gateway: Gateway,
  model: string,
  { signal, variant }: { signal: AbortSignal; variant?: string | undefined },
): Promise<DragomanError> {
  const names = (await gateway.models(signal, variant)).map(({ id }) => id)
  const shown = model.slice(0, 200)
  return new DragomanError('model_not_found', `There is no model ${shown}${didYouMean(shown, names)}`, {
    param: 'model',
  })
}

/** The error for a variant that no group has. */
export function noVariant(variant: string, { variants }: Pick<Gateway, 'variants'>): DragomanError {
  const shown = variant.slice(0, 200)
  const hint = didYouMean(shown, variants) || `; there is ${[...variants].join(', ') || 'none'}`
  return new DragomanError('model_not_found', `No model group has the variant ${shown}${hint}`, { param: 'variant' })
}

/** The client key of this name, of the configuration or made. Rejects with `unknown_url` where there is none. */
export async function clientCalled(
  name: string,
  { keys = [], madeKeys }: Pick<ExplainOptions, 'keys' | 'madeKeys'>,
): Promise<Client> {
  const configured = keys.find((key) => key.name === name)
  if (configured) return { id: name, rights: configured.rights, expiresAt: configured.expiresAt }
  const made = await madeKeys?.client(name)
  if (made) return made
  const hint = didYouMean(
    name,
    keys.map((key) => key.name),
  )
  throw new DragomanError('unknown_url', `There is no client key ${JSON.stringify(name)}${hint}`, {
    param: 'key',
    publicCode: 'key_not_found',
  })
}

function whyEnded({ ended, expiresAt }: Client, now: number): string | undefined {
  return ended ?? (expiresAt !== undefined && expiresAt <= now ? 'is expired' : undefined)
}

/** With instants as ISO 8601. */
export interface ShownExplanation extends Omit<Explanation, 'targets'> {
  readonly targets: readonly ShownTarget[]
}

export interface ShownTarget extends Omit<ExplainedTarget, 'until' | 'lastError' | 'credentials'> {
  readonly until: string | undefined
  readonly lastError: { readonly code: string; readonly at: string | undefined } | undefined
  readonly credentials: Omit<ExplainedCredentials, 'earliest' | 'out'> & {
    readonly earliest: string | undefined
    readonly out: readonly (Omit<ExplainedCredentials['out'][number], 'until'> & { until: string | undefined })[]
  }
}

export function shownTimes(explanation: Explanation): ShownExplanation {
  const targets = explanation.targets.map(({ until, lastError, credentials, ...target }) => ({
    ...target,
    until: instant(until),
    lastError: lastError && { code: lastError.code, at: instant(lastError.at) },
    credentials: {
      ...credentials,
      earliest: instant(credentials.earliest),
      out: credentials.out.map((one) => ({ ...one, until: instant(one.until) })),
    },
  }))
  return { ...explanation, targets }
}

function instant(ms: number | undefined): string | undefined {
  return ms === undefined || !Number.isFinite(ms) ? undefined : new Date(ms).toISOString()
}
