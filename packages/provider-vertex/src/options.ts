import { z } from 'zod'

const location = z.string().regex(/^[a-z][a-z0-9-]*$/, { error: 'expected global or a region such as us-central1' })
const id = z.string().min(1)

export const options = z
  .strictObject({
    project: z
      .string()
      .regex(/^[a-z][a-z0-9:.-]*$/, { error: 'expected the id of a project, such as my-project-1' })
      .describe("Id of the project that is called. Default: the credential's own."),
    location: location.describe(
      'Where models are called: `global` (the default) or a region. A model that is offered in `global` only is called there.',
    ),
    models: z
      .union([z.array(id), z.record(id, location)])
      .describe('The models to list, in place of those that are known; or the location of each by its id.'),
    defaultModel: id.describe('What a server without a default model of its own takes as that. Default: none.'),
    endpoint: z
      .url({ protocol: /^https?$/ })
      .refine(isEndpoint, 'expected an address without a user and a fragment')
      .describe(
        'A private endpoint: another host for the same paths, or a URL with a path, to which `/chat/completions` is added where it lacks that.',
      ),
    userProject: z
      .string()
      .min(1)
      .describe(
        'Project that is billed (`X-Goog-User-Project`), which takes a permission of its own. Default: what gcloud put into the credential, else none is sent.',
      ),
    thoughts: z.boolean().describe('Whether Gemini is asked for its thoughts, which become reasoning. Default: true.'),
    visionModels: z
      .array(id)
      .describe('Open models that see, by their ids, besides those that are known to. Others are refused images.'),
    tokenOrigins: z
      .array(z.url({ protocol: /^https?$/ }))
      .describe("Origins besides Google's that a key's `token_uri` may name, such as `https://sts.example.com`."),
  })
  .partial()

export type VertexOptions = z.output<typeof options>

/** What one entry under `credentials` may hold. */
export const credential = z.union([
  z.strictObject({
    key: z
      .string()
      .min(1)
      .describe(
        'The key of a service account, or the credentials that gcloud made: the JSON itself or the path of its file.',
      ),
  }),
  z.strictObject({
    accessToken: z
      .string()
      .regex(/^[\x21-\x7e]+$/, { error: 'expected a token without spaces or invisible characters' })
      .describe('An access token of your own, which nobody renews.'),
  }),
])

function isEndpoint(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && url.username + url.password + url.hash === ''
}
