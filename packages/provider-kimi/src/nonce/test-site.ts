import { type Call, collect, credential, memoryState } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { type Gate, handClock, jsonReply, type Reply, startFakeUpstream } from '@dragoman/testkit'
import { type KimiNonceInput, kimiNonce } from '../nonce.ts'

/** kimi-ai.chat in the tests of this folder, as strict as the site. */

export interface Site {
  /** What the page hands out, and what is accepted. */
  page: string
  accepted: string
  answer: (form: URLSearchParams) => Reply
  /** What a refusal waits for. */
  hold: (form: URLSearchParams) => readonly Gate[]
  /** Forms whose nonce was accepted. */
  readonly forms: URLSearchParams[]
}

export const page = (nonce: string): Reply => ({
  headers: { 'content-type': 'text/html; charset=UTF-8' },
  body: `<!DOCTYPE html><html><head><title>Kimi AI</title><script>
var other = {"nonce":"not-this-one"};
var kimi_ajax = {"ajax_url":"https:\\/\\/kimi-ai.chat\\/wp-admin\\/admin-ajax.php","texts":{"end":"a };b \\" {"},"nonce":"${nonce}","user":{"id":0}};
</script></head><body>Chat</body></html>`,
})

export const said = (message: string) => jsonReply({ success: true, data: { message } })

/** The site, as strict as it is. */
export async function start(options: KimiNonceInput = {}) {
  const upstream = await startFakeUpstream()
  const site: Site = {
    page: 'aaaaaaaaaa',
    accepted: 'aaaaaaaaaa',
    answer: () => said('Hello there.'),
    hold: () => [],
    forms: [],
  }
  upstream.on('/chat/', () => page(site.page))
  upstream.on('/wp-admin/admin-ajax.php', (request) => {
    const { headers } = request
    const wrong =
      request.method !== 'POST' ||
      headers['content-type'] !== 'application/x-www-form-urlencoded; charset=UTF-8' ||
      headers.referer !== `${upstream.origin}/chat/` ||
      headers.origin !== upstream.origin ||
      headers['x-requested-with'] !== 'XMLHttpRequest'
    if (wrong) return { status: 400, body: 'bad request' }
    const form = new URLSearchParams(request.text)
    if (
      [...form.keys()].join() !== 'action,nonce,message,model,session_id' ||
      form.get('action') !== 'kimi_send_message'
    ) {
      return { status: 400, headers: { 'content-type': 'text/html' }, body: '0' }
    }
    if (form.get('nonce') !== site.accepted) {
      return {
        status: 403,
        headers: { 'content-type': 'text/html; charset=UTF-8' },
        body: '-1',
        before: site.hold(form),
      }
    }
    if (!/^session_\d+_[0-9a-z]{9}$/.test(form.get('session_id') ?? ''))
      return jsonReply({ success: false, data: 'session' })
    site.forms.push(form)
    return site.answer(form)
  })
  const clock = handClock()
  const provider = kimiNonce.create(kimiNonce.options.parse({ baseUrl: upstream.origin, ...options }), { clock })
  const state = memoryState({ clock })
  const callOf = (more: Partial<Call> & { client?: string } = {}): Call => ({
    credential: credential({}),
    signal: new AbortController().signal,
    state,
    ...more,
  })
  const ask = (request: Partial<ChatCompletionRequest>, more?: Partial<Call> & { client?: string }) => {
    const whole = { model: 'kimi-k2-instruct-0905', messages: user('Hi'), ...request }
    return collect(provider.chat(whole, callOf(more)), whole)
  }
  const pages = () => upstream.requests.filter(({ path }) => path === '/chat/').length
  return {
    upstream,
    site,
    clock,
    provider,
    state,
    callOf,
    ask,
    pages,
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

export const user = (content: string) => [{ role: 'user' as const, content }]
