import type { ProviderFactory } from '@dragoman/core'
import { z } from 'zod'
import { limitOverrides } from './limits.ts'
import { proxySchema } from './proxy.ts'

export const providerId = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, {
  error: 'the id of a provider is made of a-z, 0-9 and -, and does not start with -',
})

/** What every provider may have, whatever its type. A type's own option of the same name takes the place of one. */
const sharedFields = {
  enabled: z.boolean().default(true).describe('`false` leaves the provider out, and every deployment that names it.'),
  limits: limitOverrides.default({}).describe('Limits for this provider, over the general ones.'),
  proxy: proxySchema.optional().describe('The proxy towards this provider, over the general one.'),
}

const sharedSchema = z.object({
  ...sharedFields,
  type: z.string(),
  credentials: z.array(z.record(z.string(), z.string().optional())).default([]),
})

/** A provider as it is configured, its own options apart from what every provider has. */
export type ProviderEntry = z.output<typeof sharedSchema> & { options: Record<string, unknown> }

/** The options of a type as a strict object schema: only such a one can name an unknown key. */
export function optionsSchema(factory: ProviderFactory): z.ZodObject {
  if (factory.options instanceof z.ZodObject) return factory.options.strict()
  throw new TypeError(`The options of provider type ${factory.id} are no object schema`)
}

function entrySchema(factory: ProviderFactory) {
  const options = optionsSchema(factory)
  const credential = factory.credential instanceof z.ZodObject ? factory.credential.strict() : factory.credential
  const shared = {
    type: z.literal(factory.id).describe('Which adapter reaches the provider.'),
    credentials: z.array(credential).default([]).describe('Keys or accounts to call it with.'),
    ...sharedFields,
  }
  return options.safeExtend(
    Object.fromEntries(Object.entries(shared).filter(([key]) => key === 'type' || !Object.hasOwn(options.shape, key))),
  )
}

/** One entry under `providers`, for these types. */
export function providerSchema(factories: readonly ProviderFactory[]) {
  const optionsOf = new Map(factories.map((factory) => [factory.id, optionsSchema(factory).shape]))
  const [first, ...others] = factories.map(entrySchema)
  const schema = first ? z.discriminatedUnion('type', [first, ...others]) : z.never()
  return schema.transform((entry: Record<string, unknown>): ProviderEntry => {
    const own = optionsOf.get(String(entry.type)) ?? {}
    const isOwn = ([key]: [string, unknown]) => key !== 'type' && Object.hasOwn(own, key)
    const fields = Object.entries(entry)
    const shared = Object.fromEntries(fields.filter((field) => !isOwn(field)))
    return { ...sharedSchema.parse(shared), options: Object.fromEntries(fields.filter(isOwn)) }
  })
}
