import { type Exchange, type FakeUpstream, jsonReply, type Reply, startFakeUpstream } from '@dragoman/testkit'

export interface FakeConversation {
  readonly id: string
  readonly projectId: string
  readonly messages: { readonly content: string; readonly role: string }[]
}

export interface FakeAccount {
  readonly projects: { readonly id: string; readonly name: string }[]
  readonly conversations: Map<string, FakeConversation>
  /** Those that were there once. */
  readonly deleted: string[]
}

/** Asked for each answer; undefined: one frame that repeats the text. */
export type Answer = (asked: { readonly text: string; readonly mode: string }) => Reply | undefined

export interface FakeOrion extends AsyncDisposable {
  readonly upstream: FakeUpstream
  /** What makes a provider talk to it. */
  readonly urls: Readonly<Record<'chatUrl' | 'conversationUrl' | 'projectUrl' | 'messageUrl', string>>
  /** By token; others are refused. */
  readonly accounts: ReadonlyMap<string, FakeAccount>
  answer: Answer
  /** Asked first, for trouble. */
  before: (request: Exchange) => Reply | undefined
  /** `POST /chat` and so on, in order. */
  calls(): string[]
  /** Resolves when a conversation of this account has been deleted. */
  deletion(token: string): Promise<void>
}

const site = 'https://www.orionai.asia'

/** The service as far as it is known, and strict in all of it. */
export async function startFakeOrion(...tokens: readonly string[]): Promise<FakeOrion> {
  const upstream = await startFakeUpstream()
  const accounts = new Map(
    tokens.map((token): [string, FakeAccount] => [
      token,
      { projects: [{ id: 'pr-own', name: 'My thesis' }], conversations: new Map(), deleted: [] },
    ]),
  )
  for (const account of accounts.values()) {
    account.conversations.set('cv-own', { id: 'cv-own', projectId: 'pr-own', messages: [] })
  }
  const waiting: (() => void)[] = []
  let ids = 0

  const respond = (request: Exchange): Reply => {
    const { method, path, headers } = request
    const [, token = ''] = /^token=([^;\s]+)$/.exec(headers.cookie ?? '') ?? []
    const account = accounts.get(token)
    if (!account || headers.authorization !== undefined) return failure(401, 'Unauthorized')
    const wrong = violation(request)
    if (wrong !== undefined) return failure(400, wrong)
    const cameFrom = (page: string) => headers.referer === `${site}/${page}`

    if (path === '/project' && method === 'GET' && cameFrom('')) return jsonReply(account.projects)
    if (path === '/project' && method === 'POST' && cameFrom('')) {
      const project = { id: `pr-${++ids}`, name: String(request.json.name) }
      account.projects.push(project)
      return jsonReply(project, 201)
    }
    if (path === '/conversation' && method === 'POST') {
      const { projectId } = request.json
      if (!account.projects.some(({ id }) => id === projectId)) return failure(404, 'Project not found')
      if (!cameFrom(`project/${projectId}`)) return failure(400, `referer ${headers.referer}`)
      const conversation = { id: `cv-${++ids}`, projectId, messages: [] }
      account.conversations.set(conversation.id, conversation)
      return jsonReply({ id: conversation.id }, 201)
    }
    const [, named, isMessage] = /^\/conversation\/([\w-]+)(\/message)?$/.exec(path) ?? []
    const id = path === '/chat' && method === 'POST' ? String(request.json.conversationId) : named
    const conversation = account.conversations.get(id ?? '')
    if (!conversation) return failure(404, 'Not Found')
    if (!cameFrom(`project/${conversation.projectId}/conversation/${conversation.id}`)) {
      return failure(400, `referer ${headers.referer}`)
    }
    if (isMessage && method === 'POST') {
      const { content, role } = request.json
      if (role !== 'user' || typeof content !== 'string' || content === '') return failure(400, 'a bad message')
      conversation.messages.push({ content, role })
      return jsonReply({ id: `ms-${++ids}` }, 201)
    }
    if (named && method === 'DELETE') {
      account.conversations.delete(named)
      account.deleted.push(named)
      for (const tell of waiting.splice(0)) tell()
      return { status: 204 }
    }
    if (path !== '/chat') return failure(404, 'Not Found')
    const text = conversation.messages.map(({ content }) => content).join('\n')
    const mode = String(request.json.mode)
    return fake.answer({ text, mode }) ?? answered(text)
  }

  const fake: FakeOrion = {
    upstream,
    urls: {
      chatUrl: `${upstream.origin}/chat`,
      conversationUrl: `${upstream.origin}/conversation`,
      projectUrl: `${upstream.origin}/project`,
      messageUrl: `${upstream.origin}/conversation`,
    },
    accounts,
    answer: () => undefined,
    before: () => undefined,
    calls: () => upstream.requests.map(({ method, path }) => `${method} ${path}`),
    async deletion(token) {
      const { deleted } = accounts.get(token) ?? { deleted: [] }
      while (deleted.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    [Symbol.asyncDispose]: () => upstream.close(),
  }
  upstream.always((request) => fake.before(request) ?? respond(request))
  return fake
}

/** A frame of the stream. */
export function frame(
  delta: Readonly<Record<string, unknown>>,
  finish_reason: string | null = null,
  more = {},
): string {
  return JSON.stringify({ id: 'x', choices: [{ index: 0, delta, finish_reason }], ...more })
}

/** A text in these pieces, as it is streamed; nothing where there is no text. */
export function answered(...pieces: readonly string[]): Reply {
  const frames = [
    frame({ role: 'assistant', content: '' }),
    ...pieces.map((content) => frame({ content })),
    frame({}, 'stop'),
    '[DONE]',
  ]
  return {
    status: 201,
    headers: { 'content-type': 'text/event-stream' },
    body: frames.map((text) => `data: ${text}\n\n`),
  }
}

export function failure(statusCode: number, message: string): Reply {
  return jsonReply({ statusCode, message }, statusCode)
}

/** What every request has to have. */
function violation({ method, headers, text }: Exchange): string | undefined {
  if (headers.origin !== site) return `origin ${headers.origin}`
  if (headers.accept !== '*/*') return `accept ${headers.accept}`
  if (!headers['user-agent']?.startsWith('dragoman/')) return `user-agent ${headers['user-agent']}`
  if ('referrer' in headers || 'referrerpolicy' in headers) return 'headers that do not exist'
  if (method === 'POST' && headers['content-type'] !== 'application/json') return 'no JSON'
  return method !== 'POST' && text !== '' ? 'a body' : undefined
}
