import { type Exchange, eventStream, htmlPage, jsonReply, type Reply, sse, startFakeUpstream } from '@dragoman/testkit'
import { clientsOf, detail } from '../test-api.ts'
import { createWeb, type K2ThinkWebOptions } from '../web.ts'

export const account = { email: 'jane@example.com', password: 'correct horse battery' }

/** A JWT as the site gives them, that ends at an instant in Unix seconds. */
export function jwt(exp: number | undefined, name = 'jane'): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'HS256' })}.${part({ id: name, ...(exp !== undefined && { exp }) })}.c2lnbmF0dXJl`
}

const bodyOf = {
  account: [
    ...['background_tasks', 'chat_id', 'features', 'id', 'messages', 'model', 'model_item', 'params', 'session_id'],
    ...['stream', 'tool_servers', 'variables'],
  ],
  guest: ['features', 'messages', 'model', 'params', 'stream'],
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

/** The site as strict as it is known to be; what it does not expect it answers with 400. */
export async function startSite(options: Partial<K2ThinkWebOptions> = {}) {
  const upstream = await startFakeUpstream()
  const { origin } = upstream
  const replies: Reply[] = []
  const site = {
    /** The session that it takes. */
    token: jwt(4_000_000_000),
    tokenIn: 'both' as 'both' | 'cookie' | 'json',
    expiresIn: undefined as number | undefined,
    isGuarded: false,
    guestTurns: 0,
  }

  upstream.on('/api/v1/auths/signin', ({ method, headers, json }) => {
    if (site.isGuarded) return htmlPage(200, 'Just a moment...')
    if (method !== 'POST' || headers.origin !== origin) return detail('no sign-in')
    if (headers.referer !== `${origin}/auth?mode=signin`) return detail('no referer')
    if (Object.keys(json).sort().join() !== 'email,password') return detail('no account')
    if (json.email !== account.email || json.password !== account.password) {
      return detail('The email or password provided is incorrect.')
    }
    const cookies = ['csrf_token=not-this-one; Path=/', `token=${site.token}; Path=/; HttpOnly; SameSite=Lax`]
    return jsonReply(
      {
        id: 'jane',
        ...(site.tokenIn !== 'cookie' && { token: site.token }),
        ...(site.expiresIn !== undefined && { expires_in: site.expiresIn }),
      },
      200,
      site.tokenIn === 'json' ? {} : { 'set-cookie': cookies },
    )
  })

  upstream.on('/api/models', ({ method, headers }) => {
    if (method !== 'GET' || headers.authorization !== `Bearer ${site.token}`) return detail('401 Unauthorized', 401)
    return jsonReply({ data: [{ id: 'MBZUAI-IFM/K2-Think-v2', name: 'K2-Think', owned_by: 'MBZUAI' }] })
  })

  upstream.on('/api/chat/completions', (exchange) => {
    const { headers, json } = exchange
    if (headers.authorization !== `Bearer ${site.token}`) return detail('401 Unauthorized', 401)
    if (headers.cookie !== `token=${site.token}`) return detail('Method Not Allowed', 405)
    const ids = [json.chat_id, json.id, json.session_id]
    if (!ids.every((id) => uuid.test(id)) || new Set(ids).size !== 3) return detail('no ids')
    if (headers.referer !== `${origin}/c/${json.chat_id}`) return detail('no referer')
    return complaint(exchange, origin, bodyOf.account) ?? replies.shift() ?? detail('The test has no answer')
  })

  upstream.on('/guest', ({ method, headers }) => {
    if (method !== 'GET') return detail('no page')
    const page = htmlPage(200, 'K2-Think')
    if (headers.cookie) return page
    return {
      ...page,
      headers: { ...page.headers, 'set-cookie': ['guest_id=g1; Path=/', 'guest_conversation_count=0'] },
    }
  })

  upstream.on('/api/guest/chat/completions', (exchange) => {
    const { headers, json } = exchange
    if (headers.cookie !== `guest_id=g1; guest_conversation_count=${site.guestTurns}`) return detail('no guest', 403)
    if (headers.authorization) return detail('no guest')
    if (json.messages.some(({ role }: { role: string }) => role === 'system')) return detail('no system')
    const wrong = complaint(exchange, origin, bodyOf.guest)
    if (wrong || headers.referer !== `${origin}/guest`) return wrong ?? detail('no referer')
    const reply = replies.shift() ?? detail('The test has no answer')
    site.guestTurns++
    return { ...reply, headers: { ...reply.headers, 'set-cookie': `guest_conversation_count=${site.guestTurns}` } }
  })

  const provider = createWeb({ baseUrl: origin, ...options })
  return {
    site,
    upstream,
    provider,
    as: (values: Readonly<Record<string, string>>) => clientsOf(provider, values),
    answer(...more: Reply[]) {
      replies.push(...more)
    },
    /** Paths that were asked for, in order. */
    paths: () => upstream.requests.map(({ path }) => path),
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

/** What holds for both kinds of visitors. */
function complaint({ method, headers, json }: Exchange, origin: string, fields: readonly string[]): Reply | undefined {
  const accept = json.stream ? 'text/event-stream,application/json' : 'application/json'
  if (method !== 'POST' || headers.accept !== accept) return detail(`no Accept ${headers.accept}`)
  if (headers['content-type'] !== 'application/json' || headers.origin !== origin) return detail('no origin')
  if (!headers['user-agent']?.startsWith('dragoman/') || headers['sec-fetch-mode']) return detail('no browser')
  if (Object.keys(json).sort().join() !== fields.join()) return detail(`no body: ${Object.keys(json).sort()}`)
  if (json.model !== 'MBZUAI-IFM/K2-Think-v2') return detail('Model not found', 404)
  for (const message of json.messages) {
    if (!['system', 'user', 'assistant'].includes(message.role)) return detail(`no role ${message.role}`)
    if (typeof message.content !== 'string') return detail('no text')
  }
  return undefined
}

/** Frames of all text so far. */
export function snapshots(...texts: readonly string[]): Reply {
  return eventStream(sse(...texts.map((content) => ({ content })), { done: true }, '[DONE]'))
}
