import { z } from 'zod'
import { baseUrlOf, regions } from './regions.ts'

export const options = z
  .strictObject({
    region: z.enum(regions).default('singapore').describe('Where the key is at home; it works nowhere else.'),
    workspace: z
      .string()
      .regex(/^[\w-]+$/)
      .optional()
      .describe("Id of a workspace, for an address of its own: the vendor's advice for new applications."),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Another address of the API, such as that of a coding plan, in place of both.'),
    models: z.array(z.string()).optional().describe('The models it serves. Without it the service is asked.'),
  })
  .refine(({ region, workspace, baseUrl }) => (baseUrl ?? baseUrlOf(region, workspace)) !== undefined, {
    path: ['workspace'],
    error: 'expected a workspace: this region has no address without one',
  })

export type QwenOptions = z.output<typeof options>

export const credential = z.strictObject({
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'expected a key without spaces or invisible characters' })
    .describe('A key of Model Studio, of the region that is configured.'),
})
