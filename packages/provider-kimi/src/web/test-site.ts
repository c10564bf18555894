import { type AcquireCall, type Call, type Credential, collect, credential, memoryState } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { type Exchange, handClock, jsonReply, type Reply, type stall, startFakeUpstream } from '@dragoman/testkit'
import { type KimiWebInput, kimiWeb } from '../web.ts'
import { encodeFrame } from './frames.ts'

/** kimi.com in the tests of this folder: as strict as the site, and with what it answers. */

export const chatPath = '/apiv2/kimi.gateway.chat.v1.ChatService/Chat'
export const deletePath = '/apiv2/kimi.chat.v1.ChatService/DeleteChat'
export const refreshPath = '/api/account.gateway.v1.AuthService/RefreshToken'

export const NOW = 1_767_225_600_000

export const jwt = (claims: Record<string, unknown>) =>
  `${btoa('{"alg":"HS512"}')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${'s'.repeat(20)}`

export const tokenOf = (typ: string, serial: number, lifeMs = 900_000) =>
  jwt({
    app_id: 'kimi',
    typ,
    sub: 'user-1',
    ssid: 'session-1',
    ...(typ === 'refresh' && { device_id: 'device-1' }),
    exp: (NOW + lifeMs) / 1000,
    serial,
  })

export const user = (content: string) => [{ role: 'user' as const, content }]

/** What the site streams for a text. */
export const answer = (text: string, id = '19c-1') => [
  { op: 'set', eventOffset: 1, mask: 'chat', chat: { id } },
  { op: 'set', eventOffset: 2, message: { id: 'm-user', role: 'user', status: 'MESSAGE_STATUS_COMPLETED' } },
  { op: 'set', eventOffset: 3, message: { id: 'm-1', role: 'assistant', status: 'MESSAGE_STATUS_GENERATING' } },
  { op: 'set', eventOffset: 4, mask: 'block.text', block: { id: 'b1', parentId: 'm-1', text: { content: text } } },
  { op: 'set', eventOffset: 5, message: { id: 'm-1', role: 'assistant', status: 'MESSAGE_STATUS_COMPLETED' } },
  { eventOffset: 6, done: {} },
]

export const endFrame = (payload: unknown = {}) => {
  const frame = encodeFrame(payload)
  frame[0] = 2
  return frame
}

export const streamed = (...steps: (Record<string, unknown> | Uint8Array | ReturnType<typeof stall>)[]): Reply => ({
  headers: { 'content-type': 'application/connect+json' },
  body: steps.map((step) =>
    step instanceof Uint8Array || step.type === 'stall' ? (step as Uint8Array) : encodeFrame(step),
  ),
})

export interface Message {
  chat_id: string
  scenario: string
  tools: unknown[]
  message: { scenario: string; role: string; blocks: { text?: { content: string }; file?: { id: string } }[] }
  options: Record<string, unknown>
}

/** The site, as strict as it is: framing, version, the ids of the token. */
export async function start(options: KimiWebInput = {}, token = tokenOf('refresh', 0, 90 * 86_400_000)) {
  const upstream = await startFakeUpstream()
  const site = {
    answer: (_text: string): Reply => streamed(...answer('Hello.'), endFrame()),
    deleted: [] as string[],
    messages: [] as Message[],
    refresh: token,
    access: '',
    renewals: 0,
  }
  const isSignedIn = ({ headers }: Exchange) =>
    headers.authorization === `Bearer ${site.access}` &&
    headers['x-msh-device-id'] === 'device-1' &&
    headers['x-msh-session-id'] === 'session-1' &&
    headers['x-traffic-id'] === 'user-1' &&
    headers['x-msh-platform'] === 'web' &&
    headers.origin === upstream.origin &&
    headers.referer?.startsWith(upstream.origin) === true &&
    headers['x-msh-shield-data'] === undefined
  const refused = jsonReply({ code: 'unauthenticated', message: 'invalid user token' }, 401)
  upstream.on(refreshPath, ({ headers, json }) => {
    if (headers['connect-protocol-version'] !== '1' || headers.authorization !== undefined) return { status: 400 }
    if (json.refresh_token !== site.refresh) return refused
    site.renewals++
    site.refresh = tokenOf('refresh', site.renewals, 90 * 86_400_000)
    site.access = tokenOf('access', site.renewals)
    return jsonReply({ accessToken: site.access, refreshToken: site.refresh })
  })
  upstream.on(chatPath, (request) => {
    const { headers, body } = request
    if (headers['content-type'] !== 'application/connect+json' || headers['connect-protocol-version'] !== '1') {
      return { status: 415 }
    }
    if (!isSignedIn(request)) return refused
    const bytes = Buffer.from(body)
    if (bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - 5) {
      return streamed(endFrame({ error: { code: 'invalid_argument', message: 'protocol error' } }))
    }
    const message: Message = JSON.parse(bytes.subarray(5).toString())
    if (message.message.scenario !== message.scenario) {
      return streamed(endFrame({ error: { code: 'invalid_argument', message: 'scenario' } }))
    }
    site.messages.push(message)
    return site.answer(message.message.blocks[0]?.text?.content ?? '')
  })
  upstream.on(deletePath, (request) => {
    if (!isSignedIn(request) || request.headers['content-type'] !== 'application/json') return refused
    site.deleted.push(request.json.chat_id)
    return jsonReply({})
  })
  upstream.on('/api/user', (request) => (isSignedIn(request) ? jsonReply({ id: 'user-1' }) : refused))
  const clock = handClock()
  clock.jump(NOW - clock.now())
  const parsed = kimiWeb.options.parse({ baseUrl: upstream.origin, authBaseUrl: upstream.origin, ...options })
  const provider = kimiWeb.create(parsed, { clock })
  const state = memoryState({ clock })
  const source = credential({ token }, 'mine')
  const acquireCall: AcquireCall = { signal: new AbortController().signal, state }
  let session: Credential | undefined
  const call = async (more: Partial<Call> = {}): Promise<Call> => {
    session ??= await provider.acquire?.(source, acquireCall)
    return { credential: session ?? source, signal: new AbortController().signal, state, ...more }
  }
  return {
    upstream,
    site,
    clock,
    provider,
    state,
    source,
    acquireCall,
    call,
    ask: async (request: Partial<ChatCompletionRequest> = {}, more?: Partial<Call>) => {
      const whole = { model: 'kimi-k2.6', messages: user('Hi'), ...request }
      return collect(provider.chat(whole, await call(more)), whole)
    },
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}
