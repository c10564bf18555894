import { z } from 'zod'
import { durationMs } from './limits.ts'

const field = z
  .string()
  .min(1)
  .optional()
  .describe('What a line that is only a token is: a name of `credentials`. Default: the first that its type has.')

const allowOthersToRead = z
  .boolean()
  .optional()
  .describe('Whether other users may read the file, as secrets that are mounted into a container. Default false.')

/** Where else credentials come from. */
export const credentialSourceSchema = z.union([
  z.strictObject({
    file: z
      .string()
      .min(1)
      .describe(
        'One token to a line, or one account as JSON to a line, or a JSON list. It is read again when it changes.',
      ),
    field,
    allowOthersToRead,
  }),
  z.strictObject({ directory: z.string().min(1).describe('A folder of such files.'), field, allowOthersToRead }),
  z.strictObject({ env: z.string().min(1).describe('A variable that holds the same, on one line.'), field }),
])

/** How the credentials of a provider are shared out. */
export const poolSchema = z.strictObject({
  strategy: z
    .enum(['least-used', 'round-robin', 'weighted'])
    .optional()
    .describe(
      'Which credential is next. Default `least-used`: the fewest calls at the moment, then the longest unused.',
    ),
  weights: z
    .array(z.number().positive())
    .optional()
    .describe('For `weighted`, in the order of `credentials`; all others count 1.'),
  maxConcurrent: z.int().min(1).optional().describe('Calls with one credential at the same time. Default: any number.'),
  waitMs: durationMs.optional().describe('How long a call may wait for a free credential. Default 30 000.'),
  refreshIntervalMs: durationMs
    .optional()
    .describe('Sessions are renewed when they are that old. Default: before they expire, where that is known.'),
})

/** Sessions that outlive the process. */
export const vaultSchema = z.strictObject({
  key: z
    .string()
    .optional()
    .describe('64 hex digits, base64 of 32 bytes, or a passphrase of 12 characters. Default: one is made, in a file.'),
  previousKeys: z.array(z.string()).default([]).describe('Keys that older sessions were sealed with.'),
  path: z.string().min(1).optional().describe('The folder of the sealed files. Default: `sessions` in `store.path`.'),
})
