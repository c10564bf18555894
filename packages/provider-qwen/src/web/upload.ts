import { createHash } from 'node:crypto'
import { type Call, type Clock, DragomanError, isRecord } from '@dragoman/core'
import { readJson } from '@dragoman/upstream'
import { signedPut } from './oss-signature.ts'
import { recordOf, textOf } from './record.ts'
import type { Site } from './site.ts'
import { reportsError } from './site-error.ts'

export interface UploadedFile {
  readonly bytes: Uint8Array
  /** Media type. */
  readonly type: string
  readonly name: string
}

interface UploadOptions {
  readonly site: Site
  readonly clock: Clock
  /** In place of the storage that the site names. */
  readonly uploadBaseUrl: string | undefined
}

/** The site's links to files end; nobody says when. */
const KEPT_MS = 30 * 60_000

/** Puts an image where the site's models find it, and answers its address there; the same one again for a while. */
export async function uploadImage(
  { bytes, type, name }: UploadedFile,
  call: Call,
  left: AbortSignal,
  { site, clock, uploadBaseUrl }: UploadOptions,
): Promise<string> {
  const key = `qwen-web:file:${call.credential.id}:${createHash('sha256').update(bytes).digest('hex')}`
  const known = await call.state.get(key)
  if (known !== undefined) return known

  const body = { filename: name, filesize: bytes.length, filetype: 'image' }
  const response = await site.post('/api/v1/files/getstsToken', { call, left, body })
  const answer = await readJson(response)
  if (reportsError(answer)) throw response.errorFrom(answer)
  // Newer builds wrap it.
  const given = isRecord(answer) && isRecord(answer.data) ? answer.data : recordOf(answer)
  const place = readPlace(given)
  if (!place) throw protocolError('named no place for a file')
  const { bucket, region, path, url, id, secret, token } = place
  const origin = uploadBaseUrl ?? `https://${bucket}.${region}.aliyuncs.com`
  const date = new Date(clock.now()).toUTCString()
  await site.put(`${origin}/${path.split('/').map(encodeURIComponent).join('/')}`, {
    call,
    left,
    headers: signedPut({ bucket, path, type, date }, { id, secret, token }),
    body: bytes,
  })
  await call.state.set(key, url, { ttlMs: KEPT_MS })
  return url
}

function readPlace(given: Readonly<Record<string, unknown>>) {
  const bucket = hostPart(given.bucketname)
  const region = hostPart(given.region)
  const path = textOf(given.file_path)
  const url = textOf(given.file_url)
  const id = textOf(given.access_key_id)
  const secret = textOf(given.access_key_secret)
  const token = textOf(given.security_token)
  if (!bucket || !region || !path || !url || !id || !secret || !token) return undefined
  return { bucket, region, path, url, id, secret, token }
}

/** A name of a host begins with it: anything else in it could lead elsewhere. */
function hostPart(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z\d][a-z\d-]*$/.test(value) ? value : undefined
}

function protocolError(what: string): DragomanError {
  return new DragomanError('upstream_protocol', `chat.qwen.ai ${what}`, { origin: 'upstream' })
}
