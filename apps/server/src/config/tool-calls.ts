import { z } from 'zod'

/** How a tool call is insisted on. */
export const ensureToolCallSchema = z.strictObject({
  attempts: z.int().min(1).max(5).optional().describe('Calls to the model for one answer. Default: 3.'),
  finishedBy: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Tools of clients, such as `TodoWrite`: a single call of one beside a text with a summary or changes ends the work.',
    ),
  answerFinished: z
    .boolean()
    .optional()
    .describe('A conversation whose last turn is over gets an empty answer without a call. Default: false.'),
})

/** The same for one deployment, or only that it is. */
export const deploymentEnsureToolCall = z
  .union([
    z.boolean().describe('Whether, as `ensureToolCall` of the file says.'),
    ensureToolCallSchema.describe('How, over `ensureToolCall` of the file.'),
  ])
  .describe('Where a request offers tools, the model is asked again until it calls one, or says that it has finished.')
