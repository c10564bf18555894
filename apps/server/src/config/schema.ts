import type { ProviderFactory } from '@dragoman/core'
import { z } from 'zod'
import { isHostName, isNetwork, isOrigin } from './addresses.ts'
import { clientsSchema, keyText } from './client-schema.ts'
import { durationMs, limitOverrides, limitsSchema } from './limits.ts'
import { logLevels } from './log-level.ts'
import { normalizeSchema } from './normalize.ts'
import { alertsSchema, metricsSchema, telemetrySchema } from './observing-schema.ts'
import { vaultSchema } from './pool.ts'
import { priceSchema, pricesSchema } from './prices.ts'
import { providerId, providerSchema } from './provider-schema.ts'
import { proxySchema } from './proxy.ts'
import { strategySchema } from './strategy.ts'
import { deploymentEnsureToolCall, ensureToolCallSchema } from './tool-calls.ts'

const hostName = z.string().refine(isHostName).meta({ title: 'an address or a host name, without scheme and port' })

const origin = z
  .string()
  .refine((text) => text === '*' || isOrigin(text))
  .meta({ title: 'an origin such as https://chat.example.com, without a path' })

const serverSchema = z.strictObject({
  host: hostName.default('127.0.0.1').describe('The address that the server listens on.'),
  port: z.int().min(0).max(65_535).default(8787).describe('Its port; 0 takes any free one.'),
  maxConnections: z.int().min(1).default(8192).describe('Open sockets; at 90 % the oldest idle ones are closed.'),
  hosts: z.array(hostName).default([]).describe('Further names in `Host` that open mode answers to.'),
  corsOrigins: z
    .array(origin)
    .optional()
    .describe('Origins of web pages that may call. Unset: all in keys mode, those of this machine in open mode.'),
})

const logSchema = z.strictObject({
  level: z.enum(logLevels).default('info').describe('The least weight of a line that is written.'),
  format: z.enum(['auto', 'json', 'pretty']).default('auto').describe('`auto` is `pretty` on a terminal, else `json`.'),
  access: z.boolean().default(true).describe('One line for each request.'),
})

const adminSchema = z.strictObject({
  key: keyText
    .optional()
    .describe('The key for `/admin`. Default: one is made, in the file `admin.key` of `store.path`.'),
})

const storeSchema = z.strictObject({
  path: z.string().min(1).default('data').describe('The folder for what outlives the process.'),
})

const outboundSchema = z.strictObject({
  allow: z
    .array(
      z
        .string()
        .refine((text) => isHostName(text) || isNetwork(text))
        .meta({ title: 'an address, a network such as 10.1.0.0/16, or a host name' }),
    )
    .default([])
    .describe('Private addresses, networks and host names that media in requests may be fetched from.'),
})

const cooldownSchema = z.strictObject({
  maxMs: durationMs.default(600_000).describe('No credential is left out for longer, whatever its service asks for.'),
})

const deploymentSchema = z.looseObject({
  provider: z.string().describe('Id of the provider that serves the model.'),
  model: z
    .string()
    .min(1)
    .optional()
    .describe("The provider's name for it. Default: the name asked for; behind a wildcard, what the `*` stood for."),
  weight: z
    .number()
    .positive()
    .max(1_000_000)
    .meta({ title: 'a number above 0' })
    .optional()
    .describe('Its share of the requests beside the others, where the strategy is one that shares out. Default: 1.'),
  limits: limitOverrides.optional().describe("Limits for this deployment, over its provider's."),
  normalize: normalizeSchema.optional(),
  ensureToolCall: deploymentEnsureToolCall.optional(),
  promptTools: z
    .boolean()
    .optional()
    .describe('Tools are described in the prompt and calls are read out of the text, for a model without tools.'),
  price: priceSchema.optional().describe('What its tokens cost, in USD for a million, over `prices`.'),
})

const cacheSchema = z.strictObject({
  exact: z.literal(true).default(true).describe('Only for a request that says the very same. There is no other way.'),
  ttlMs: durationMs.default(600_000).describe('How long an answer is kept.'),
})

/** Before `/v1`, these would mean something else. */
function isOwnPath(segment: string): boolean {
  return ['v1', 'admin', 'health', 'docs'].includes(segment)
}

const modelSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .refine((name) => !name.slice(0, -1).includes('*'))
    .meta({ title: 'a name, with no `*` but one at its end' })
    .describe('What clients ask for. A `*` at its end stands for the rest of the name.'),
  variant: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/)
    .refine((variant) => !isOwnPath(variant))
    .meta({ title: 'a-z, 0-9 and -, and no path of the server itself' })
    .optional()
    .describe('Only requests to `/<variant>/v1/…` get this one; for them it stands before others of the same name.'),
  aliases: z
    .array(
      z
        .string()
        .min(1)
        .refine((alias) => !alias.includes('*'))
        .meta({ title: 'a name without `*`' }),
    )
    .optional()
    .describe('Further names for it.'),
  strategy: strategySchema.optional().describe('In what order its deployments are tried. Default: `defaultStrategy`.'),
  fallbacks: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Names that serve in its place, in this order, when its deployments have failed or rest: of `models`, or `<provider>/<model>`. Their own fallbacks are not followed.',
    ),
  onContextTooLong: z
    .string()
    .min(1)
    .optional()
    .describe('The name that serves a request in its place that is too long for it: a model with a longer context.'),
  hedgeAfterMs: durationMs
    .optional()
    .describe(
      'Where the first deployment has said nothing for this long, a second one is asked as well, and the first to answer wins. Both may be billed. Default: no.',
    ),
  continuesCutText: z
    .boolean()
    .optional()
    .describe('A stream of plain text that breaks off goes on with another call. Default: false.'),
  cache: cacheSchema
    .optional()
    .describe('Complete answers are kept, and given again to the same key for the same request. Default: no.'),
  deployments: z
    .array(deploymentSchema)
    .min(1)
    .describe(
      "Ways to serve it, in the order that `strategy: first` keeps. Each may also set its provider's own options.",
    ),
})

/** The whole of dragoman.yaml, for these types of provider. */
export function configSchema(factories: readonly ProviderFactory[]) {
  return z
    .strictObject({
      server: serverSchema.prefault({}).describe('Where the server listens and to whom it answers.'),
      clients: clientsSchema.optional().describe('Who may use the server.'),
      admin: adminSchema.prefault({}).describe('Who may look after the server.'),
      providers: z
        .record(providerId, providerSchema(factories))
        .optional()
        .describe(
          'Services to call, by an id of your choice. Without any the server looks for keys and local engines.',
        ),
      models: z
        .array(modelSchema)
        .default([])
        .describe("Names that clients ask for. A provider's models need none: they are `<provider>/<model>` anyway."),
      defaultModel: z
        .string()
        .min(1)
        .optional()
        .describe('Serves names that nothing else does: one of `models`, or `<provider>/<model>`.'),
      defaultStrategy: strategySchema
        .prefault('first')
        .describe('In what order the deployments of a model are tried that has no `strategy`.'),
      prices: pricesSchema,
      limits: limitsSchema.prefault({}).describe('Bounds. Times are in milliseconds.'),
      ensureToolCall: ensureToolCallSchema
        .prefault({})
        .describe('How a tool call is insisted on where a deployment or a request asks for it.'),
      cooldown: cooldownSchema.prefault({}).describe('Credentials that do not work at the moment.'),
      proxy: proxySchema.optional().describe('The proxy towards all providers.'),
      outbound: outboundSchema.prefault({}).describe('Files that requests name by URL.'),
      store: storeSchema.prefault({}).describe('Where the server keeps things.'),
      vault: vaultSchema.prefault({}).describe('Sessions of accounts, sealed. A service with plain keys needs none.'),
      log: logSchema.prefault({}).describe('What the server writes to its terminal.'),
      metrics: metricsSchema
        .optional()
        .describe('An address of its own for `/metrics`, which is also there for the admin key. Default: none.'),
      telemetry: telemetrySchema.optional().describe('What the server sends to others about itself. Default: nothing.'),
      alerts: alertsSchema.optional().describe('Who is told when something needs a person. Default: nobody.'),
    })
    .describe('Configuration of Dragoman.')
}

export type Config = z.output<ReturnType<typeof configSchema>>
