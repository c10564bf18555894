import { createHash, createHmac } from 'node:crypto'
import {
  type Exchange,
  eventStream,
  type FakeUpstream,
  jsonReply,
  type Reply,
  sse,
  startFakeUpstream,
} from '@dragoman/testkit'

/** What the fake site does, beside answering `frames`. */
export interface SiteSettings {
  /** Sent as the answer of each chat, in turn; the last one for all others. */
  answers: Reply[]
  /** Tokens that are taken. */
  tokens: Set<string>
  account: { email: string; password: string; token: string }
  models: unknown
  /** In place of the usual answer to a path, once. */
  once: Map<string, Reply>
  storedChat: unknown
}

export interface TestSite extends AsyncDisposable {
  readonly upstream: FakeUpstream
  readonly settings: SiteSettings
  /** Chats that were made and not deleted. */
  readonly chats: Set<string>
  /** Bodies that were sent to `/api/v2/chat/completions`. */
  readonly asked: Exchange['json'][]
  /** Files by path, as they were put. */
  readonly files: Map<string, Buffer>
  /** Resolves when a chat of this number has been deleted. */
  deleted(count: number): Promise<void>
}

const storage = { id: 'STS.key', secret: 'the-secret', token: 'the-security-token', bucket: 'qwen-files' }

/** chat.qwen.ai as the notes on its protocol have it, strict about everything that it checks. */
export async function startTestSite(): Promise<TestSite> {
  const upstream = await startFakeUpstream()
  const settings: SiteSettings = {
    answers: [frames(answer('Hello'))],
    tokens: new Set(['good-token']),
    account: { email: 'jane@example.com', password: 'correct horse', token: 'good-token' },
    models: { data: [] },
    once: new Map(),
    storedChat: {},
  }
  const chats = new Set<string>()
  const types = new Map<string, unknown>()
  const asked: Exchange['json'][] = []
  const files = new Map<string, Buffer>()
  let deletions = 0
  let chatCount = 0
  const waiting: { count: number; resolve(): void }[] = []

  upstream.always((request) => {
    const [path = '', query = ''] = request.path.split('?')
    const once = settings.once.get(path)
    settings.once.delete(path)
    if (once) return once
    if (request.method === 'PUT') return put(request, path)
    const wrong = wrongHeaders(request, upstream.origin)
    if (wrong) return failure('Bad_Request', wrong)
    if (path === '/api/v1/auths/signin') return signIn(request.json)
    if (!isSignedIn(request)) return { ...failure('Unauthorized', 'Unauthorized'), status: 401 }
    const [, chatId = ''] = /^\/api\/v2\/chats\/([\w-]+)$/.exec(path) ?? []
    if (request.method === 'DELETE') return remove(chatId)
    if (request.method === 'GET' && path === '/api/models') return jsonReply(settings.models)
    if (request.method === 'GET' && chats.has(chatId)) return jsonReply({ success: true, data: settings.storedChat })
    if (request.method !== 'POST') return { status: 404, body: 'no such path' }
    if (path === '/api/v2/chats/new') return newChat(request.json)
    if (path === '/api/v2/chat/completions') return complete(new URLSearchParams(query).get('chat_id') ?? '', request)
    if (path === '/api/v1/files/getstsToken') return place(request.json)
    return { status: 404, body: 'no such path' }
  })

  function isSignedIn({ headers }: Exchange): boolean {
    const token = headers.authorization?.replace(/^Bearer /, '') ?? ''
    return settings.tokens.has(token) && (headers.cookie ?? '').split('; ').includes(`token=${token}`)
  }

  function signIn({ email, password }: Record<string, unknown>): Reply {
    const { account } = settings
    const hash = createHash('sha256').update(account.password).digest('hex')
    if (email === account.email && password === hash) return jsonReply({ token: account.token, role: 'user' })
    return jsonReply({ detail: 'The email or password provided is incorrect.' }, 400)
  }

  function newChat(body: Record<string, unknown>): Reply {
    const isWhole =
      body.chat_mode === 'normal' &&
      Array.isArray(body.models) &&
      body.models.length === 1 &&
      Number(body.timestamp) > 1e12
    if (!isWhole) return failure('Bad_Request', 'not a chat')
    const id = `chat-${++chatCount}`
    chats.add(id)
    types.set(id, body.chat_type)
    return jsonReply({ success: true, request_id: 'q', data: { id } })
  }

  function complete(chatId: string, { json, headers }: Exchange): Reply {
    const [message, ...others] = json.messages
    const isWhole =
      chats.has(chatId) &&
      json.chat_id === chatId &&
      json.stream === true &&
      others.length === 0 &&
      message.chat_type === types.get(chatId) &&
      message.feature_config.output_schema === 'phase' &&
      /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(message.fid) &&
      json.timestamp < 1e11 &&
      headers.accept === 'text/event-stream'
    if (!isWhole) return failure('Bad_Request', 'not a message')
    asked.push(json)
    const reply = settings.answers.length > 1 ? settings.answers.shift() : settings.answers[0]
    return reply ?? failure('Not_Found', 'no answer')
  }

  function place({ filename, filesize, filetype }: Record<string, unknown>): Reply {
    if (!filename || !filesize || filetype !== 'image') return failure('Bad_Request', 'not a file')
    const data = {
      access_key_id: storage.id,
      access_key_secret: storage.secret,
      security_token: storage.token,
      file_path: `jane/${filename}`,
      file_url: `https://files.example/jane/${filename}?Expires=1`,
      bucketname: storage.bucket,
      region: 'oss-ap-southeast-1',
      file_id: 'file-1',
    }
    return jsonReply(data)
  }

  function put({ headers, body }: Exchange, path: string): Reply {
    const lines = ['PUT', '', headers['content-type'], headers.date, `x-oss-security-token:${storage.token}`]
    const signed = [...lines, `/${storage.bucket}${path}`].join('\n')
    const signature = createHmac('sha1', storage.secret).update(signed).digest('base64')
    const isSigned =
      headers.authorization === `OSS ${storage.id}:${signature}` && headers['x-oss-security-token'] === storage.token
    if (!isSigned) return { status: 403, body: '<Error><Code>SignatureDoesNotMatch</Code></Error>' }
    files.set(path, Buffer.from(body))
    return { status: 200 }
  }

  function remove(chatId: string): Reply {
    if (!chats.delete(chatId)) return { ...failure('Not_Found', 'no such chat'), status: 404 }
    deletions++
    for (const { count, resolve } of waiting) if (deletions >= count) resolve()
    return jsonReply({ success: true })
  }

  return {
    upstream,
    settings,
    chats,
    asked,
    files,
    deleted: (count) => new Promise((resolve) => (deletions >= count ? resolve() : waiting.push({ count, resolve }))),
    [Symbol.asyncDispose]: () => upstream.close(),
  }
}

function wrongHeaders({ headers, method }: Exchange, origin: string): string | undefined {
  const expected: Record<string, string | RegExp> = {
    origin,
    referer: `${origin}/`,
    source: 'web',
    version: '0.2.63',
    'x-request-id': /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
    timezone: /^\w{3} \w{3} \d\d \d{4} \d\d:\d\d:\d\d GMT\+0000$/,
    'user-agent': /^dragoman\//,
    ...(method === 'POST' && { 'content-type': /^application\/json/ }),
  }
  for (const [name, value] of Object.entries(expected)) {
    const given = String(headers[name])
    if (typeof value === 'string' ? given !== value : !value.test(given)) return `the header ${name} is ${given}`
  }
  return undefined
}

/** As the site tells errors: with status 200, in its own form. */
export function failure(code: string, details: string, more: object = {}): Reply {
  return jsonReply({ success: false, request_id: 'q-1', data: { code, details, ...more } })
}

export function frame(delta: object, more: object = {}): object {
  return { response_id: 'r-1', choices: [{ delta: { role: 'assistant', ...delta } }], ...more }
}

export const created = { 'response.created': { chat_id: 'c-1', parent_id: 'p-1', response_id: 'r-1' } }

export const usage = { usage: { input_tokens: 10, output_tokens: 8, total_tokens: 18 } }

/** The frames of a plain answer. */
export function answer(...texts: readonly string[]): object[] {
  return [
    created,
    ...texts.map((content) => frame({ content, phase: 'answer', status: 'typing' })),
    frame({ content: '', phase: 'answer', status: 'finished' }, usage),
  ]
}

export function frames(events: readonly object[], end: readonly string[] = ['[DONE]']): Reply {
  return eventStream(sse(...events, ...end))
}
