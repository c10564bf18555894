import type { ProviderFactory } from '@dragoman/core'
import { z } from 'zod'
import type { LoadOptions } from './load.ts'

// Types of provider for tests of configuration: nothing is ever called with them.

const cities = 'rome,paris,oslo,lima,quito,cairo,delhi,tokyo,seoul,lagos,berlin,madrid,lisbon,athens'.split(',')

const hosted: ProviderFactory = {
  id: 'openai-compatible',
  options: z
    .strictObject({
      preset: z.string().optional().describe('A service that is known.'),
      baseUrl: z
        .url()
        .refine((url) => !url.includes('?'), { error: 'expected a URL without a query' })
        .optional()
        .describe('Address of the API.'),
      stream: z.enum(['auto', 'never']).default('auto').describe('Whether answers are streamed.'),
      retain: z.boolean().default(false).describe('Whether the service keeps answers.'),
      city: z.enum(cities).optional().describe('One of many names.'),
      weight: z.number().min(0).max(1).default(0.5).describe('A number.'),
      headers: z.record(z.string(), z.string()).default({}).describe('Headers of every request.'),
      proxy: z.string().optional().describe('Is taken by what every provider has.'),
    })
    .refine(({ preset, baseUrl }) => preset !== undefined || baseUrl !== undefined, {
      path: ['baseUrl'],
      error: 'expected a baseUrl, or a preset that has one',
    }),
  credential: z.strictObject({ apiKey: z.string().describe('The key of the service.') }),
  create: neverCreated,
}

const account: ProviderFactory = {
  id: 'account',
  options: z.strictObject({ region: z.enum(['global', 'cn']).default('global').describe('Where the account is.') }),
  credential: z.union([
    z.strictObject({ email: z.string().describe('Of the account.'), password: z.string().describe('Of the account.') }),
    z.strictObject({ token: z.string().describe('Of a session.') }),
  ]),
  create: neverCreated,
}

const demo: ProviderFactory = {
  id: 'demo',
  options: z.strictObject({}),
  credential: z.strictObject({}),
  create: neverCreated,
}

function neverCreated(): never {
  throw new Error('Configuration creates no provider')
}

export const fakeFactories: LoadOptions['factories'] = {
  'openai-compatible': async () => hosted,
  account: async () => account,
  demo: async () => demo,
}

export const fakePresets: Awaited<ReturnType<LoadOptions['presets']>> = {
  openai: {
    name: 'OpenAI',
    baseUrl: 'https://api.openai.example/v1',
    keyVariables: ['OPENAI_API_KEY'],
    defaultModel: 'gpt-large',
  },
  azure: { name: 'Azure', keyVariables: ['AZURE_OPENAI_API_KEY'] },
  other: {
    name: 'Other',
    baseUrl: 'https://other.example/v1',
    keyVariables: ['OTHER_API_KEY', 'OTHER_TOKEN'],
    defaultModel: 'other-large',
  },
}
