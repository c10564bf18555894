import { readFile } from 'node:fs/promises'
import { DragomanError } from '@dragoman/core'
import { z } from 'zod'

const text = z.string().min(1)
const tokenUri = z.url({ protocol: /^https?$/ }).default('https://oauth2.googleapis.com/token')

const key = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('service_account'),
    client_email: text,
    private_key: text,
    private_key_id: text.optional(),
    project_id: text.optional(),
    token_uri: tokenUri,
  }),
  z.object({
    type: z.literal('authorized_user'),
    client_id: text,
    client_secret: text,
    refresh_token: text,
    quota_project_id: text.optional(),
    token_uri: tokenUri,
  }),
])

/** Key of a service account, or what `gcloud auth application-default login` writes. */
export type Key = z.output<typeof key>

export type ServiceAccount = Extract<Key, { type: 'service_account' }>

/**
 * Reads a key that is given as JSON or as the path of its file. Throws `credential_rejected` where it is none, without a
 * word of it: who pastes half of a key has given no path.
 */
export async function readKey(given: string, signal: AbortSignal): Promise<Key> {
  const isInline = given
    .trimStart()
    .replace(/^\uFEFF/, '')
    .startsWith('{')
  const json = isInline ? given : await contentOf(given.trim(), signal)
  const parsed = key.safeParse(parse(json))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  const fault = field === '' ? 'is not the JSON of one' : `has no usable ${field}`
  throw unusable(`${fault}; a service account's and those of gcloud's application-default credentials are known`)
}

async function contentOf(path: string, signal: AbortSignal): Promise<string> {
  try {
    return await readFile(path, { encoding: 'utf8', signal })
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no file'
    throw unusable(`is in a file that cannot be read (${code})`)
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json.replace(/^\s*\uFEFF/, ''))
  } catch {
    return undefined // the parser's words quote the key
  }
}

export function unusable(fault: string): DragomanError {
  return new DragomanError('credential_rejected', `The key for Vertex AI ${fault}`)
}
