import { z } from 'zod'

const rate = z.number().min(0)

const rates = {
  input: rate.describe('Tokens of the prompt.'),
  output: rate.describe('Tokens of the answer, reasoning among them.'),
  cacheRead: rate.optional().describe("Those of the prompt that were read from the service's cache. Default: `input`."),
  cacheWrite: rate.optional().describe('Those of the prompt that were written to it. Default: `input`.'),
  cacheWrite1h: rate.optional().describe('The same where they are kept for an hour. Default: `cacheWrite`.'),
  reasoning: rate.optional().describe('Those of the answer that are reasoning. Default: `output`.'),
  audioInput: rate.optional().describe('Those of the prompt that are sound. Default: `input`.'),
  audioOutput: rate.optional().describe('Those of the answer that are sound. Default: `output`.'),
}

const tierSchema = z.strictObject({
  above: z.int().min(1).describe('Tokens of the prompt, what a cache held among them.'),
  ...rates,
  input: rate.optional().describe('In place of the one without a tier.'),
  output: rate.optional().describe('In place of the one without a tier.'),
})

export const priceSchema = z
  .strictObject({
    ...rates,
    image: rate.optional().describe('One image that was made, in USD.'),
    tiers: z
      .array(tierSchema)
      .min(1)
      .optional()
      .describe('Prices of the whole request where its prompt is longer; the highest `above` that is passed counts.'),
  })
  .describe('In USD for a million tokens.')

const priceName = z.string().regex(/^[a-z0-9][a-z0-9-]*\/(?:[^*]+\*?|\*)$/, {
  error: 'expected <provider>/<model>, with no `*` but one at its end',
})

export const pricesSchema = z
  .record(priceName, priceSchema)
  .default({})
  .describe(
    "What models cost, by `<provider>/<model>`: the id of the provider and the upstream's name for the model, where a `*` at its end stands for the rest. Comes before the prices that are built in; what a service itself reports comes before both.",
  )
