import { createHash } from 'node:crypto'
import { type Call, type Clock, DragomanError } from '@dragoman/core'
import {
  type HttpClient,
  type HttpClientOptions,
  type Media,
  pause,
  putTo,
  readJson,
  readText,
} from '@dragoman/upstream'
import { fieldsOf, textIn } from '../fields.ts'
import { mapSiteError, siteName } from './connect-error.ts'

export interface UploadContext {
  readonly http: HttpClient
  readonly proxy: HttpClientOptions['proxy']
  readonly clock: Clock
  headersOf(credential: Call['credential']): Readonly<Record<string, string>>
}

/** Nobody says how long the site keeps a file that is in no conversation. */
const KEPT_MS = 30 * 60_000
const PARSE_WAIT_MS = 500
const PARSE_TRIES = 40

/** Puts a file where the site's models find it, and answers its id there; the same one again for a while. */
export async function uploadFile(
  media: Media,
  action: 'image' | 'file',
  call: Call,
  { http, proxy, clock, headersOf }: UploadContext,
): Promise<string> {
  const key = `kimi-web:file:${call.credential.id}:${action}:${createHash('sha256').update(media.bytes).digest('hex')}`
  const known = await call.state.get(key)
  if (known !== undefined) return known

  const options = { call, headers: headersOf(call.credential), mapError: mapSiteError }
  const { name } = media
  const place = fieldsOf(await readJson(await http.post('/api/pre-sign-url', { ...options, body: { action, name } })))
  const url = textIn(place.url)
  const object_name = textIn(place.object_name)
  if (url === undefined || object_name === undefined) throw protocolError('named no place for a file')
  await putTo(url, {
    provider: siteName,
    proxy,
    clock,
    call,
    headers: { 'content-type': media.type },
    body: media.bytes,
  })

  const body =
    action === 'image'
      ? { type: 'image', file_id: textIn(place.file_id) ?? '', name }
      : { type: 'file', name, object_name, file_id: '', chat_id: '' }
  for (let tries = 1; ; tries++) {
    const file = fieldsOf(await readJson(await http.post('/api/file', { ...options, body })))
    const id = textIn(file.id) ?? textIn(place.file_id)
    if (id === undefined) throw protocolError('took a file without an id')
    if (file.status === 'initialized' || file.status === 'parsed') {
      // Answers as a stream whose end is all that counts.
      if (action === 'file')
        await readText(await http.post('/api/file/parse_process', { ...options, body: { ids: [id] } }))
      await call.state.set(key, id, { ttlMs: KEPT_MS })
      return id
    }
    if (tries === PARSE_TRIES) throw protocolError(`did not finish reading a file within ${PARSE_TRIES} looks`)
    await pause(PARSE_WAIT_MS, clock, call.signal)
  }
}

function protocolError(what: string): DragomanError {
  return new DragomanError('upstream_protocol', `${siteName} ${what}`, { origin: 'upstream' })
}
