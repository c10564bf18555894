import { DragomanError, isRecord } from '@dragoman/core'
import { type HttpClient, type RemovalCall, type RequestCall, readJson, readText } from '@dragoman/upstream'
import { encodeChat } from './encode-request.ts'
import { mapWebError } from './errors.ts'
import { type Session, sessionOf } from './session.ts'

/** Makes a chat for a model that needs one; its id. */
export async function newChat(
  http: HttpClient,
  about: Parameters<typeof encodeChat>[0],
  { token }: Session,
  call: RequestCall,
): Promise<string> {
  const headers = { authorization: `Bearer ${token}` }
  const options = { call, headers, body: encodeChat(about), mapError: mapWebError }
  return idIn(await readJson(await http.post('/api/v1/chats/new', options)))
}

/** Resolves when it is gone. */
export async function removeChat(http: HttpClient, id: string, call: RemovalCall): Promise<void> {
  const headers = { authorization: `Bearer ${sessionOf(call.credential).token}` }
  const response = await http.delete(`/api/v1/chats/${encodeURIComponent(id)}`, { call, headers })
  await readText(response) // of no use, but that it has come
}

function idIn(answer: unknown): string {
  const chat = isRecord(answer) ? answer.chat : undefined
  const id = isRecord(answer) ? (answer.id ?? (isRecord(chat) ? chat.id : undefined)) : undefined
  if (typeof id === 'string' && id !== '') return id
  throw new DragomanError('upstream_protocol', 'chat.z.ai made a chat and gave it no id', { origin: 'upstream' })
}
