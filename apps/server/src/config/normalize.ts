import { formatNames } from '@dragoman/normalizer'
import { z } from 'zod'

/** Every format; the one that is called `auto` tries them all, which is not what `auto` by itself says. */
const format = z.enum(formatNames).meta({ title: 'the name of a format' })
const nameOnly = z.enum(formatNames).exclude(['auto']).meta({ title: 'the name of a format' })

/** What a provider and a deployment may say about the markup of their models. */
export const normalizeSchema = z
  .union([
    z.literal('auto').describe("By the model's name; models that write none are left as they are. The default."),
    z.literal('off').describe('The text stays as it came.'),
    nameOnly.describe('As this format.'),
    z.strictObject({
      format: format.describe('The format.'),
      startsIn: z
        .enum(['text', 'reasoning', 'auto'])
        .optional()
        .describe('Where the text begins. Behind a chat template that opens the reasoning: `reasoning`.'),
    }),
  ])
  .describe("How tool calls and reasoning that stand in a model's text become fields of the answer.")
