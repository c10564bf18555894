import { z } from 'zod'

export const options = z
  .strictObject({
    region: z
      .enum(['global', 'cn'])
      .describe(
        '`global` is api.z.ai (the default), `cn` is open.bigmodel.cn; accounts and keys of one are not of the other.',
      ),
    plan: z
      .enum(['general', 'coding'])
      .describe(
        '`coding` is the address for keys of the coding plan, which is meant for coding clients. Default: general.',
      ),
    baseUrl: z.url({ protocol: /^https?$/ }).describe('Another address of the API, in place of those two settings.'),
    models: z.array(z.string().min(1)).describe('The models to list, in place of those that are known.'),
    defaultModel: z
      .string()
      .min(1)
      .describe('What a server without a default model of its own takes as that. Default: none.'),
    searchEngine: z
      .string()
      .min(1)
      .describe('The engine of the web search. Default: `search-prime`, or `search_pro` where `region` is `cn`.'),
  })
  .partial()

export type ZaiOptions = z.output<typeof options>

/** What one entry under `credentials` may hold. */
export const credential = z.strictObject({
  // Pasted keys bring spaces and line ends along, which no header can carry.
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'expected a key without spaces or invisible characters' })
    .describe('A key of Z.AI or BigModel.'),
})

const origins = { global: 'https://api.z.ai', cn: 'https://open.bigmodel.cn' }

export function baseUrlOf({ region = 'global', plan = 'general', baseUrl }: ZaiOptions): string {
  return baseUrl ?? `${origins[region]}/api/${plan === 'coding' ? 'coding/' : ''}paas/v4`
}

export function searchEngineOf({ region = 'global', searchEngine }: ZaiOptions): string {
  return searchEngine ?? (region === 'cn' ? 'search_pro' : 'search-prime')
}
