import { z } from 'zod'

const slugs = z.array(z.string().min(1))
const dollars = z.number().nonnegative()
const bound = z.union([z.number().nonnegative(), z.record(z.string(), z.number().nonnegative())])

/** OpenRouter API reference, "Provider Routing". A name that is not known there would be left unread without a word. */
const providerRouting = z
  .strictObject({
    order: slugs,
    only: slugs,
    ignore: slugs,
    allow_fallbacks: z.boolean(),
    require_parameters: z.boolean(),
    data_collection: z.enum(['allow', 'deny']),
    zdr: z.boolean(),
    enforce_distillable_text: z.boolean(),
    quantizations: slugs,
    sort: z.union([z.enum(['price', 'throughput', 'latency']), z.looseObject({})]),
    max_price: z.strictObject({ prompt: dollars, completion: dollars, request: dollars, image: dollars }).partial(),
    preferred_min_throughput: bound,
    preferred_max_latency: bound,
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
