import { DragomanError, isRecord } from '@dragoman/core'
import type { ChatCompletionRequest, ContentPart } from '@dragoman/openai-schema'
import { fetchMedia, type HttpClient, multipart, type RequestCall, readJson } from '@dragoman/upstream'
import type { MediaAccess } from '../text-files.ts'
import { mapWebError } from './errors.ts'
import type { SitePart } from './messages.ts'
import type { Session } from './session.ts'

export interface UploadTools {
  readonly http: HttpClient
  readonly call: RequestCall
  readonly left: AbortSignal
  readonly session: Session
  readonly access: MediaAccess
  /** Of the user's message, where the conversation was made first. */
  readonly userMessageId: string | undefined
  readonly newId: () => string
  readonly now: () => number
}

export interface Uploaded {
  /** What each image became. */
  readonly parts: ReadonlyMap<ContentPart, SitePart>
  /** Records of the site, for its field `files`. */
  readonly files: readonly unknown[]
}

/** Brings images to the site. Nothing is sent where there is none. */
export async function uploadMedia(request: ChatCompletionRequest, tools: UploadTools): Promise<Uploaded> {
  const parts = new Map<ContentPart, SitePart>()
  const files: unknown[] = []
  for (const [i, { content }] of request.messages.entries()) {
    if (!Array.isArray(content)) continue
    for (const [j, part] of content.entries()) {
      const param = `messages[${i}].content[${j}]`
      if (part.type !== 'image_url') continue
      const { record, id } = await upload(part, `${param}.image_url`, tools)
      files.push(record)
      parts.set(part, { type: 'image_url', image_url: { url: id } })
    }
  }
  return { parts, files }
}

async function upload(part: ContentPart & { type: 'image_url' }, param: string, tools: UploadTools) {
  const { http, call, left, access, session, userMessageId, newId, now } = tools
  if (session.isGuest) {
    throw new DragomanError('invalid_request', 'Images need the token of an account; a guest may upload none', {
      param,
    })
  }
  const url = typeof part.image_url === 'string' ? part.image_url : part.image_url.url
  const { bytes, type, name } = await fetchMedia(url, { ...access, types: ['image/*'], param })
  const form = multipart({}, [{ field: 'file', name, type, bytes }])
  const headers = { authorization: `Bearer ${session.token}`, 'content-type': form.contentType }
  const options = { call, left, headers, body: form.body, mapError: mapWebError }
  const answer = await readJson(await http.post('/api/v1/files/', options))
  const id = isRecord(answer) ? answer.id : undefined
  if (!isRecord(answer) || typeof id !== 'string') {
    throw new DragomanError('upstream_protocol', 'chat.z.ai took a file and gave it no id', { origin: 'upstream' })
  }
  const filename = typeof answer.filename === 'string' ? answer.filename : name
  const seconds = Math.floor(now() / 1000)
  const meta = { name: filename, content_type: type, size: bytes.length, data: {} }
  const file = { id, user_id: session.userId, hash: null, filename, data: {}, meta, created_at: seconds }
  const record = {
    type: 'image',
    id,
    url: `/api/v1/files/${id}/content`,
    name: filename,
    status: 'uploaded',
    size: bytes.length,
    error: '',
    itemId: newId(),
    media: 'image',
    ...(userMessageId !== undefined && { ref_user_msg_id: userMessageId }),
    file: { ...file, updated_at: seconds },
  }
  return { record, id }
}
