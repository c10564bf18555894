import { z } from 'zod'

const slugs = z.array(z.string().min(1))
const dollars = z.number().nonnegative()
const bound = z.union([z.number().nonnegative(), z.record(z.string(), z.number().nonnegative())])

/** OpenRouter API reference, "Provider Routing". A name that is not known there would be left unread without a word. */
const providerRouting = z
  .strictObject({
    order: slugs.describe('Providers in the order in which they are tried.'),
    only: slugs.describe('No others.'),
    ignore: slugs.describe('Not these.'),
    allow_fallbacks: z.boolean().describe('Whether others may answer where the first ones fail. Default true.'),
    require_parameters: z.boolean().describe('Only providers that know every field of the request.'),
    data_collection: z.enum(['allow', 'deny']).describe('Whether providers may keep what they are sent.'),
    zdr: z.boolean().describe('Only endpoints that keep nothing.'),
    enforce_distillable_text: z.boolean().describe('Only models whose text may be learned from.'),
    quantizations: slugs.describe('`fp8`, `bf16` and so on.'),
    sort: z
      .union([z.enum(['price', 'throughput', 'latency']), z.looseObject({})])
      .describe('What counts in the choice among them. Default: the price, by recent uptime.'),
    max_price: z
      .strictObject({ prompt: dollars, completion: dollars, request: dollars, image: dollars })
      .partial()
      .describe('In US dollars, per million tokens.'),
    preferred_min_throughput: bound.describe('Tokens per second.'),
    preferred_max_latency: bound.describe('Seconds.'),
  })
  .partial()

const headerText = z.string().regex(/^[\x20-\x7e]+$/, { error: 'expected printable ASCII, as a header takes' })

export const options = z
  .strictObject({
    // Not `provider`, which in a deployment of the gateway names the provider it is of.
    routing: providerRouting.describe(
      'Which of the providers behind it answer: the `provider` of OpenRouter, with its names (`order`, `only`, `ignore`, `allow_fallbacks`, `sort`, `max_price` …). A request may replace each of them.',
    ),
    fallbackModels: slugs.describe(
      'Models that OpenRouter tries in this order when the one asked for fails (`models`).',
    ),
    modelSuffix: z
      .string()
      .regex(/^:[\w-]+$/, { error: 'expected a suffix such as :nitro' })
      .describe('Appended to the id of a model that has none: `:nitro`, `:floor`, `:exacto`, `:online`, `:free`.'),
    transforms: z.array(z.string()).describe('`["middle-out"]` shortens prompts that are too long, `[]` never does.'),
    plugins: z
      .array(z.looseObject({ id: z.string().min(1) }))
      .describe('Plugins of each request, such as `[{ id: web }]`.'),
    appUrl: z
      .url({ protocol: /^https?$/ })
      .describe('Address of your app, by which OpenRouter knows it (`HTTP-Referer`). Default: none is sent.'),
    appTitle: headerText.describe('Name of your app in its rankings (`X-OpenRouter-Title`).'),
    appCategories: z.array(headerText).describe('Categories of your app (`X-OpenRouter-Categories`).'),
    models: slugs.describe('The models it serves. Without it the service is asked for its list.'),
    defaultModel: z
      .string()
      .min(1)
      .describe('What a server without a default model of its own takes as that. Default: none.'),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .describe('Another address of the API, such as a proxy. Default: https://openrouter.ai/api/v1.'),
  })
  .partial()

export type OpenRouterOptions = z.output<typeof options>

/** What one entry under `credentials` may hold. */
export const credential = z.strictObject({
  // Pasted keys bring spaces and line ends along, which no header can carry.
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'expected a key without spaces or invisible characters' })
    .describe('A key of OpenRouter, `sk-or-v1-…`.'),
})

/** By which OpenRouter tells apps apart. */
export function attribution({ appUrl, appTitle, appCategories }: OpenRouterOptions): Readonly<Record<string, string>> {
  return {
    ...(appUrl !== undefined && { 'http-referer': appUrl }),
    ...(appTitle !== undefined && { 'x-openrouter-title': appTitle }),
    ...(appCategories?.length && { 'x-openrouter-categories': appCategories.join(',') }),
  }
}
