import type { ProviderFactory } from '@dragoman/core'
import { z } from 'zod'
import { limitOverrides } from './limits.ts'
import { normalizeSchema } from './normalize.ts'
import { credentialSourceSchema, poolSchema } from './pool.ts'
import { proxySchema } from './proxy.ts'

export const providerId = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, {
  error: 'the id of a provider is made of a-z, 0-9 and -, and does not start with -',
})

/** What every provider may have, whatever its type; it takes the place of a type's own option of the same name. */
const sharedFields = {
  enabled: z.boolean().default(true).describe('`false` leaves the provider out, and every deployment that names it.'),
  credentialsFrom: z
    .array(credentialSourceSchema)
    .default([])
    .describe('Files and variables with further credentials.'),
  pool: poolSchema.default({}).describe('How the credentials are shared out.'),
  limits: limitOverrides.default({}).describe('Limits for this provider, over the general ones.'),
  normalize: normalizeSchema.optional(),
  proxy: proxySchema.optional().describe('The proxy towards this provider, over the general one.'),
}

const sharedSchema = z.object({
  type: z.string(),
  credentials: z.array(z.record(z.string(), z.string().optional())),
  ...sharedFields,
})

/** What every provider may have. */
export const sharedNames: readonly string[] = Object.keys(sharedSchema.shape)

/** A provider as it is configured, the options of its type apart from what every provider has. */
export type ProviderEntry = z.output<typeof sharedSchema> & { options: Record<string, unknown> }

/** The options that only this type has, strict: an unknown one is a mistake. */
export function optionsSchema(factory: ProviderFactory): z.ZodObject {
  if (factory.options instanceof z.ZodObject) return factory.options.strict()
  throw new TypeError(`The options of provider type ${factory.id} are no object schema`)
}

/** The names of these options. */
export function optionNames(factory: ProviderFactory): readonly string[] {
  return Object.keys(optionsSchema(factory).shape).filter((name) => !sharedNames.includes(name))
}

function entrySchema(factory: ProviderFactory) {
  const credential = factory.credential instanceof z.ZodObject ? factory.credential.strict() : factory.credential
  const shared: Record<string, z.ZodType> = {
    type: z.literal(factory.id).describe('Which adapter reaches the provider.'),
    credentials: z.array(credential).default([]).describe('Keys or accounts to call it with.'),
    ...sharedFields,
  }
  return optionsSchema(factory).safeExtend(shared)
}

/** One entry under `providers`, for these types. */
export function providerSchema(factories: readonly ProviderFactory[]) {
  const namesOf = new Map(factories.map((factory) => [factory.id, optionNames(factory)]))
  const [first, ...others] = factories.map(entrySchema)
  const schema = first ? z.discriminatedUnion('type', [first, ...others]) : z.never()
  return schema.transform((entry: Record<string, unknown>): ProviderEntry => {
    const names = namesOf.get(String(entry.type)) ?? []
    const options = Object.entries(entry).filter(([key]) => names.includes(key))
    return { ...sharedSchema.parse(entry), options: Object.fromEntries(options) }
  })
}
