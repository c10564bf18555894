import { createHmac } from 'node:crypto'
import { type Call, type CallEvent, credential, memoryState, type ProviderEnvironment, toFetch } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  type Exchange,
  errorReply,
  handClock,
  htmlPage,
  jsonReply,
  type Reply,
  type ScriptedReply,
  startFakeUpstream,
} from '@dragoman/testkit'
import type { ZaiWebOptions } from './options.ts'
import { zaiWeb } from './provider.ts'

export const signingKey = 'the-key-of-the-fake'
const build = 'prod-fe-1.0.107'
const now = Date.UTC(2026, 10, 20, 12)

/** A token as the site makes them, without a signature. */
export function tokenOf(payload: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'ES256', typ: 'JWT' })}.${part(payload)}.c2lnbmF0dXJl`
}

export const accountToken = tokenOf({ id: 'user-0001', email: 'me@example.com' })
export const guestToken = tokenOf({ id: 'guest-0001', email: 'Guest-1@guest.com' })

export const frame = (data: Record<string, unknown>) => `data: ${JSON.stringify({ type: 'chat:completion', data })}\n\n`
export const done = frame({ phase: 'done', done: true, delta_content: '' })
export const said = (...pieces: readonly string[]) => [
  ...pieces.map((piece) => frame({ phase: 'answer', delta_content: piece })),
  done,
]
export const stream = (...body: readonly string[]): Reply => ({
  headers: { 'content-type': 'text/event-stream' },
  body,
})

const bodyFields = `stream model messages signature_prompt files params features mcp_servers variables chat_id id
  current_user_message_id current_user_message_parent_id background_tasks tools extra`.split(/\s+/)

/** The site, as strict as it is known to be, and a provider that speaks to it. */
export async function startSite(
  answer: ScriptedReply = stream(...said('Hello')),
  options: Partial<ZaiWebOptions> = {},
  environment: ProviderEnvironment = {},
) {
  const upstream = await startFakeUpstream()
  const chats = new Set<string>()
  const files = new Set<string>()
  let made = 0
  /** Why the last completion call was refused. */
  let complaint: string | undefined
  const refuse = (why: string) => {
    complaint = why
    return errorReply(400, 'Bad Request')
  }

  const complete = (request: Exchange): Reply | Promise<Reply> => {
    const { path, headers, json } = request
    const query = new URL(path, 'https://chat.z.ai').searchParams
    const [token, timestamp, id] = ['token', 'timestamp', 'requestId'].map((name) => query.get(name) ?? '')
    if (headers.authorization !== `Bearer ${token}`) return refuse('the token of the query is another one')
    const user = query.get('user_id')
    const payload = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString())
    if (user !== payload.id) return refuse('the user is not that of the token')
    const text = `requestId,${id},timestamp,${timestamp},user_id,${user}|${Buffer.from(json.signature_prompt).toString('base64')}|${timestamp}`
    const hmac = (key: string, message: string) => createHmac('sha256', key).update(message).digest('hex')
    const window = Math.floor(clock.now() / 300_000)
    const signatures = [window, window - 1].map((each) => hmac(hmac(signingKey, String(each)), text))
    if (!signatures.includes(String(headers['x-signature']))) return refuse('the signature is wrong')
    if (query.get('signature_timestamp') !== timestamp) return refuse('two timestamps')
    if (headers['x-fe-version'] !== build) return refuse('another front end')
    const place = `/c/${json.chat_id}`
    if (headers.referer !== `https://chat.z.ai${place}` || query.get('pathname') !== place) return refuse('the referer')
    if (headers.origin !== 'https://chat.z.ai') return refuse('the origin')

    const isChatFirst = ['glm-4.7', 'glm-4.6v'].includes(json.model)
    const expected = isChatFirst ? bodyFields : [...bodyFields, 'model_item', 'session_id']
    const fields = Object.keys(json)
    if (fields.length !== expected.length || !fields.every((field) => expected.includes(field))) {
      return refuse(`the fields ${fields.join()}`)
    }
    if (isChatFirst !== (headers.accept === '*/*')) return refuse('accept')
    if (isChatFirst && !chats.has(json.chat_id)) return refuse('no such chat')
    if (json.stream !== true || json.tools !== null) return refuse('stream or tools')
    const last = json.messages.findLast(({ role }: { role: string }) => role === 'user')?.content
    const parts: { text?: string; image_url?: { url: string } }[] = Array.isArray(last) ? last : [{ text: last }]
    const prompt = parts
      .flatMap((part) => part.text ?? [])
      .join(' ')
      .trim()
    if (prompt !== json.signature_prompt) return refuse('the prompt is not that of the messages')
    const images = parts.flatMap((part) => part.image_url?.url ?? [])
    if (!images.every((image) => files.has(image))) return refuse('no such file')
    if (json.files.length !== images.length) return refuse('files without images')
    return typeof answer === 'function' ? answer(request) : answer
  }

  upstream.always((request) => {
    const { method, headers, text } = request
    const json = bodyOf(request)
    const path = request.path.split('?', 1)[0] ?? ''
    if (path === '/') return { ...htmlPage(), body: `<html><script src="/${build}/a.js"></script></html>` }
    const bearer = headers.authorization?.replace('Bearer ', '')
    if (path === '/api/v1/auths/' && bearer === undefined) {
      if (headers.cookie) return errorReply(400, 'a guest brings no cookies')
      return jsonReply({ id: 'guest-0001', role: 'guest', name: 'Guest-1', token: guestToken })
    }
    if (path === '/api/v1/auths/signin') {
      const isRight = json.email === 'me@example.com' && json.password === 'the-password'
      return isRight ? jsonReply({ role: 'user', token: accountToken }) : errorReply(400, 'captcha_verify_param')
    }
    if (bearer !== accountToken && bearer !== guestToken) return errorReply(401, 'Your session has expired')
    if (path === '/api/v1/auths/') return jsonReply({ role: bearer === guestToken ? 'guest' : 'user' })
    if (path === '/api/v1/chats/new') {
      if (json.chat.id !== '' || json.chat.history.currentId === '') return errorReply(400, 'no chat')
      const id = `chat-${++made}`
      chats.add(id)
      return jsonReply({ id })
    }
    if (path === '/api/v1/files/') {
      if (bearer === guestToken) return errorReply(403, 'guests')
      if (!headers['content-type']?.startsWith('multipart/form-data') || !text.includes('name="file"')) {
        return errorReply(422, 'no file')
      }
      files.add('file-1')
      return jsonReply({ id: 'file-1', filename: 'image.png' })
    }
    if (method === 'DELETE' && path.startsWith('/api/v1/chats/')) {
      return chats.delete(path.slice('/api/v1/chats/'.length)) ? jsonReply(true) : errorReply(404)
    }
    return path === '/api/v2/chat/completions' ? complete(request) : errorReply(404)
  })

  const clock = handClock(now)
  const provider = zaiWeb.create({ signingKey, baseUrl: upstream.origin, ...options }, { clock, ...environment })
  const state = memoryState({ clock })
  const events: CallEvent[] = []
  const callWith = (values: Record<string, string>): Call => ({
    credential: credential(values, 'mine'),
    signal: new AbortController().signal,
    state,
    observe: (event: CallEvent) => events.push(event),
  })
  return {
    upstream,
    provider,
    clock,
    state,
    chats,
    events,
    callWith,
    get complaint() {
      return complaint
    },
    fetch: (values: Record<string, string> = { token: accountToken }) =>
      toFetch(provider, { credential: values, clock, state }),
    async chunks(
      request: Partial<ChatCompletionRequest> = {},
      values: Record<string, string> = { token: accountToken },
    ) {
      const chunks: ChatCompletionChunk[] = []
      const whole: ChatCompletionRequest = { model: 'GLM-4.6', messages: [{ role: 'user', content: 'Hi' }], ...request }
      for await (const chunk of provider.chat(whole, callWith(values))) chunks.push(chunk)
      return chunks
    },
    /** Bodies of the completion calls. */
    sent: () =>
      upstream.requests.filter(({ path }) => path.startsWith('/api/v2/chat/completions')).map(({ json }) => json),
    /** Methods and paths, without queries. */
    calls: () => upstream.requests.map(({ method, path }) => `${method} ${path.split('?', 1)[0]}`),
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

function bodyOf(request: Exchange): Exchange['json'] {
  return request.headers['content-type'] === 'application/json' ? request.json : {}
}
