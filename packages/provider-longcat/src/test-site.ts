import { type Exchange, eventStream, jsonReply, type Reply, sse, startFakeUpstream } from '@dragoman/testkit'

export interface TestSite extends AsyncDisposable {
  readonly origin: string
  /** Ids of conversations that are there now, in the order in which they were made. */
  readonly conversations: ReadonlySet<string>
  readonly deleted: readonly string[]
  readonly requests: readonly Exchange[]
  /** What was asked, last one last. */
  readonly questions: readonly { content: string; [field: string]: unknown }[]
  /** The next answers, or what stands in their place; without any the site says `Hello.` */
  answers(...replies: readonly Reply[]): void
  /** What stands in the place of the next conversation, or of the next deletion. */
  insteadOf(call: 'create' | 'delete' | 'current', reply: Reply): void
  /** Resolves after so many deletions were asked for. */
  deletions(count: number): Promise<void>
}

const good = 'passport-of-a-friend'
export const goodToken = good

/** longcat.chat as strict as its clients know it: wrong cookies, headers, bodies and ids are refused. */
export async function startTestSite(): Promise<TestSite> {
  const upstream = await startFakeUpstream()
  const conversations = new Set<string>()
  const deleted: string[] = []
  const questions: { content: string }[] = []
  const replies: Reply[] = []
  const instead = new Map<string, Reply>()
  let waiting: { count: number; resolve: () => void }[] = []
  let asked = 0
  let made = 0

  const fail = (code: number, message: string) => jsonReply({ code, message })

  upstream.always((request) => {
    const { pathname, searchParams } = new URL(request.path, upstream.origin)
    const wrong = wrongHeader(request, upstream.origin)
    if (wrong) return jsonReply({ code: 400, message: `invalid header ${wrong}` }, 400)
    if (!cookiesOf(request).has(`passport_token_key=${good}`)) return fail(401, 'request cookie is empty')
    switch (`${request.method} ${pathname}`) {
      case 'POST /api/v1/session-create': {
        if (fieldsOf(request) !== 'agentId,model') return fail(400, `invalid body ${request.text}`)
        if (request.headers.referer !== `${upstream.origin}/t`) return fail(400, 'invalid referer')
        const reply = takeInstead('create')
        if (reply) return reply
        const conversationId = `c${++made}`
        conversations.add(conversationId)
        return jsonReply({ code: 0, message: 'success', data: { conversationId } })
      }
      case 'POST /api/v1/chat-completion-V2':
        return answer(request, v2Fields)
      case 'POST /api/v1/chat-completion':
        return answer(request, v1Fields)
      case 'GET /api/v1/session-delete': {
        const id = searchParams.get('conversationId') ?? ''
        asked++
        const reply = takeInstead('delete')
        if (!reply) {
          conversations.delete(id)
          deleted.push(id)
        }
        waiting = waiting.filter(({ count, resolve }) => (asked >= count ? resolve() : true))
        return reply ?? jsonReply({ code: 0 })
      }
      case 'GET /api/v1/user-current':
        return takeInstead('current') ?? jsonReply({ code: 0, data: { loginStatus: 1, userId: 5 } })
      default:
        return { status: 404, body: 'nothing here' }
    }
  })

  function takeInstead(call: string): Reply | undefined {
    const reply = instead.get(call)
    instead.delete(call)
    return reply
  }

  function answer(request: Exchange, fields: string): Reply {
    const { json } = request
    const { conversationId } = json
    if (fieldsOf(request) !== fields) return fail(400, `invalid body ${fieldsOf(request)}`)
    if (!conversations.has(conversationId)) return fail(400, `invalid conversationId ${conversationId}`)
    if (request.headers.referer !== `${upstream.origin}/c/${conversationId}`) return fail(400, 'invalid referer')
    if (!request.headers.accept?.includes('text/event-stream')) return fail(400, 'invalid accept')
    questions.push(json)
    return replies.shift() ?? says('Hello.')
  }

  return {
    origin: upstream.origin,
    conversations,
    deleted,
    questions,
    requests: upstream.requests,
    answers: (...next) => void replies.push(...next),
    insteadOf: (call, reply) => void instead.set(call, reply),
    deletions: (count) =>
      new Promise((resolve) => {
        if (asked >= count) resolve()
        else waiting.push({ count, resolve })
      }),
    [Symbol.asyncDispose]: () => upstream.close(),
  }
}

const v1Fields = 'content,conversationId,parentMessageId,reasonEnabled,searchEnabled'
const v2Fields = 'agentId,content,conversationId,files,parentMessageId,reasonEnabled,regenerate,searchEnabled'

function fieldsOf({ json }: Exchange): string {
  return Object.keys(json).sort().join(',')
}

function cookiesOf({ headers }: Exchange): Set<string> {
  return new Set((headers.cookie ?? '').split(/;\s*/))
}

function wrongHeader({ headers, method }: Exchange, origin: string): string | undefined {
  if (headers.authorization) return 'authorization'
  if (headers.origin !== origin) return 'origin'
  if (headers['x-requested-with'] !== 'XMLHttpRequest') return 'x-requested-with'
  if (!['en', 'zh'].includes(String(headers['x-client-language']))) return 'x-client-language'
  if (headers['m-appkey'] && !/^\d+$/.test(String(headers['m-traceid']))) return 'm-traceid'
  if (!headers['user-agent']?.startsWith('dragoman/')) return 'user-agent'
  return method === 'POST' && headers['content-type'] !== 'application/json' ? 'content-type' : undefined
}

export function frame(event: object, more: object = {}): object {
  return { event, conversationId: 'c', messageId: 12, lastOne: false, ...more }
}

/** An answer of the present protocol. */
export function says(...pieces: readonly string[]): Reply {
  return frames(...pieces.map((content) => ({ type: 'content', content, status: 'RUNNING' })), {
    type: 'finish',
    finalContentX: pieces.join(''),
    finishType: 'normal',
    usage: { inputTokens: 9, outputTokens: 12, totalTokens: 21 },
  })
}

export function frames(...events: readonly object[]): Reply {
  return eventStream(sse(...events.map((event) => frame(event))))
}
