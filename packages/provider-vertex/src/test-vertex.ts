import { generateKeyPairSync, verify } from 'node:crypto'
import { type Call, collect, credential, memoryState, toFetch } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { type Exchange, handClock, jsonReply, type Reply, startFakeUpstream } from '@dragoman/testkit'
import { vertex } from './index.ts'
import type { VertexOptions } from './options.ts'

export const now = Date.UTC(2026, 10, 20, 12)
export const messages: ChatCompletionRequest['messages'] = [{ role: 'user', content: 'Hi' }]
export const kimi = 'moonshotai/kimi-k2-thinking-maas'
export const gemini3 = 'google/gemini-3-pro-preview'

const email = 'robot@my-project-1.iam.gserviceaccount.com'
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** A key file whose token comes from `origin`. */
export function serviceAccount(origin: string, change: object = {}): string {
  const token_uri = `${origin}/token`
  const account = { type: 'service_account', project_id: 'my-project-1', private_key_id: 'kid-1', private_key: pem }
  return JSON.stringify({ ...account, client_email: email, token_uri, ...change })
}

/** An error as the OpenAI endpoint writes it. */
export function googleError(code: number, status: string, message = 'because', details: object[] = []): object {
  return [{ error: { code, message, status, details } }]
}

interface TestOptions extends VertexOptions {
  /** Of the fake's clock, for what it says in `Date`. */
  readonly googleAheadMs?: number
}

/** Vertex AI and the place where Google gives tokens, as strict as they are documented to be. */
export async function startVertex(reply: Reply, { googleAheadMs = 0, ...options }: TestOptions = {}) {
  const upstream = await startFakeUpstream()
  const clock = handClock(now)
  const date = () => new Date(clock.now() + googleAheadMs).toUTCString()
  let tokens = 0
  upstream.always((request) => {
    if (request.path !== '/token') return refusal(request) ?? reply
    const refused = refusedForm(request, upstream.origin, clock.now() + googleAheadMs)
    const headers = { 'content-type': 'application/json', date: date() }
    if (refused) return { status: 400, headers, body: JSON.stringify({ error: 'invalid_grant', ...refused }) }
    return { headers, body: JSON.stringify({ access_token: `ya29.test-${++tokens}`, expires_in: 3599 }) }
  })
  const given = { endpoint: upstream.origin, tokenOrigins: [upstream.origin], ...options }
  const provider = vertex.create(vertex.options.parse(given), { clock, mediaFrom: ['127.0.0.1'] })
  const key = serviceAccount(upstream.origin)
  const session = credential({ accessToken: 'ya29.test-0', project: 'my-project-1' })
  const call: Call = { credential: session, signal: new AbortController().signal, state: memoryState() }
  return {
    upstream,
    provider,
    clock,
    call,
    key,
    fetch: toFetch(provider, { credential: { key }, clock }),
    acquire: (source: Readonly<Record<string, string>>) =>
      provider.acquire?.(credential(source), { signal: call.signal, state: call.state }),
    answer: (request: Partial<ChatCompletionRequest> = {}) => {
      const whole = { model: kimi, messages, ...request }
      return collect(provider.chat(whole, call), whole)
    },
    sent: async () => (await upstream.received(1)).json,
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

function refusedForm(request: Exchange, origin: string, googleNow: number): object | undefined {
  const form = new URLSearchParams(request.text)
  if (request.headers['content-type'] !== 'application/x-www-form-urlencoded') return { error_description: 'no form' }
  if (form.get('grant_type') === 'refresh_token') {
    const isKnown = form.get('refresh_token') === '1//refresh' && form.get('client_secret') === 'the-client-secret'
    return isKnown ? undefined : { error_description: 'Token has been expired or revoked.' }
  }
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    return { error: 'unsupported_grant_type' }
  const [head = '', body = '', signature = ''] = (form.get('assertion') ?? '').split('.')
  const isSigned = verify(
    'RSA-SHA256',
    Buffer.from(`${head}.${body}`),
    keys.publicKey,
    Buffer.from(signature, 'base64url'),
  )
  const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url').toString())
  if (!isSigned || alg !== 'RS256' || kid !== 'kid-1') return { error_description: 'Invalid JWT Signature.' }
  const { iss, sub, aud, iat, exp, scope } = JSON.parse(Buffer.from(body, 'base64url').toString())
  const isFresh = Math.abs(iat * 1000 - googleNow) <= 300_000 && exp > iat && exp - iat <= 3600
  if (!isFresh) return { error_description: 'Invalid JWT: Token must be a short-lived token (60 minutes)' }
  if (iss !== email || aud !== `${origin}/token`) return { error_description: 'Invalid JWT' }
  if (sub !== undefined) return { error: 'unauthorized_client' }
  return scope === 'https://www.googleapis.com/auth/cloud-platform' ? undefined : { error: 'invalid_scope' }
}

const path = /^\/v1\/projects\/my-project-1\/locations\/[a-z0-9-]+\/endpoints\/openapi\/chat\/completions$/

function refusal({ path: asked, headers, json }: Exchange): Reply | undefined {
  if (!path.test(asked)) return { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>404</html>' }
  if (!/^Bearer ya29\.test-\d$/.test(headers.authorization ?? '')) {
    return jsonReply(googleError(401, 'UNAUTHENTICATED'), 401)
  }
  const refused = String(json.model).startsWith('google/gemini-') ? refusedByGemini(json) : refusedByOthers(json)
  return refused === undefined ? undefined : jsonReply(googleError(400, 'INVALID_ARGUMENT', refused), 400)
}

function refusedByOthers(body: ChatCompletionRequest): string | undefined {
  if (!body.model.includes('/')) return 'no publisher'
  if ('extra_content' in body || JSON.stringify(body.messages).includes('extra_content')) return 'extra_content'
  return body.tool_choice && !body.tools ? 'tool_choice without tools' : undefined
}

function refusedByGemini(body: ChatCompletionRequest): string | undefined {
  const { google = {} } = (body.extra_body ?? {}) as { google?: { thinking_config?: object } }
  if (body.reasoning_effort && google.thinking_config) return 'reasoning_effort and thinking_config'
  const text = JSON.stringify(body)
  if (/"\$(ref|schema)"/.test(text)) return 'unknown name "$ref"'
  if (/"url":"https?:/.test(text)) return 'the image has to be data or in Cloud Storage'
  if (/"reasoning_(content|details)"/.test(text)) return 'unknown name in messages'
  if (!/gemini-3(?!.*image)/.test(body.model)) return undefined
  for (const message of body.messages) {
    const [call] = (message.role === 'assistant' && message.tool_calls) || []
    if (call?.type !== 'function') continue
    if (!JSON.stringify(call.extra_content ?? {}).includes('"thought_signature":"')) {
      return `Function call \`${call.function.name}\` is missing a thought_signature`
    }
  }
  return undefined
}
