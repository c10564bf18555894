import { chatStream, completion, type FakeUpstream, jsonReply, startFakeUpstream } from '@dragoman/testkit'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type EndpointsRig, startEndpoints, upstreamKey } from '../test-endpoints-rig.ts'
import { rawRequest } from '../test-server.ts'

/** What clients are to have no say in. `other` is where they want to go. */
let rig: EndpointsRig
let other: FakeUpstream
beforeAll(async () => {
  other = await startFakeUpstream()
  rig = await startEndpoints()
  rig.upstream.always(({ path, json }) => {
    if (path !== '/v1/chat/completions') return jsonReply({ object: 'list', data: [] })
    return (json as { stream?: boolean }).stream ? chatStream({ text: 'hi' }) : completion({ text: 'hi' })
  })
})
afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await other.close()
})
let before: number
beforeEach(() => {
  before = rig.upstream.requests.length
})

const sent = () => rig.upstream.requests.slice(before)

const texts = [
  ...['api_base', 'apiBase', 'base_url', 'baseUrl', 'baseURL', 'api_host', 'endpoint_url', 'target_url', 'host'],
  ...['api_key', 'apiKey', 'api_type', 'custom_llm_provider', 'proxy', 'http_proxy', 'https_proxy'],
  ...['azure_endpoint', 'azure_ad_token', 'vertex_credentials', 'vertex_project', 'vertex_location'],
  ...['vertex_ai_credentials', 'vertex_ai_project', 'vertex_ai_location', 'hosted_vllm_api_base'],
  ...['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token', 'aws_sts_endpoint', 'aws_role_name'],
  ...['aws_web_identity_token', 'aws_bedrock_runtime_endpoint', 'aws_region_name', 'aws_profile_name'],
  ...['langfuse_host', 'posthog_host', 'langsmith_base_url', 'slack_webhook_url'],
]

const fields = [
  ...texts.map((name) => ({ param: name, field: (url: string): object => ({ [name]: url }) })),
  { param: 'headers', field: (url: string) => ({ headers: { host: url } }) },
  { param: 'extra_headers', field: (url: string) => ({ extra_headers: { 'x-portkey-custom-host': url } }) },
  { param: 'extra_query', field: (url: string) => ({ extra_query: { api_base: url } }) },
  { param: 'proxies', field: (url: string) => ({ proxies: { https: url } }) },
  { param: 'litellm_params', field: (url: string) => ({ litellm_params: { api_base: url } }) },
  { param: 'user_config', field: (url: string) => ({ user_config: { model_list: [{ api_base: url }] } }) },
  { param: 'model_list', field: (url: string) => ({ model_list: [{ litellm_params: { api_base: url } }] }) },
  { param: 'extra_body.api_base', field: (url: string) => ({ extra_body: { api_base: url } }) },
  {
    param: 'extra_body.extra_body.base_url',
    field: (url: string) => ({ extra_body: { extra_body: { base_url: url } } }),
  },
  { param: 'fallbacks[1].api_base', field: (url: string) => ({ fallbacks: ['m', { model: 'm', api_base: url }] }) },
  { param: 'fallbacks[0].m[0].api_key', field: () => ({ fallbacks: [{ m: [{ api_key: 'sk-x' }] }] }) },
  { param: 'models[0].base_url', field: (url: string) => ({ models: [{ id: 'm', base_url: url }] }) },
]

const messages = [{ role: 'user', content: 'Hello' }]
const routes = [
  { path: '/v1/chat/completions', body: { model: 'm', messages } },
  { path: '/v1/chat/completions', body: { model: 'm', messages, stream: true } },
  { path: '/v1/responses', body: { model: 'm', input: 'Hello' } },
  { path: '/v1/messages', body: { model: 'm', messages, max_tokens: 9 } },
  { path: '/v1/messages/count_tokens', body: { model: 'm', messages } },
  { path: '/v1/completions', body: { model: 'm', prompt: 'Hello' } },
  { path: '/v1/embeddings', body: { model: 'm', input: 'Hello' } },
  { path: '/v1/images/generations', body: { model: 'm', prompt: 'A cat' } },
  { path: '/v1/audio/speech', body: { model: 'm', input: 'Hello', voice: 'alloy' } },
  { path: '/v1/moderations', body: { model: 'm', input: 'Hello' } },
]

test.each(fields)('fault 50: the field $param is refused on every route, and nothing is connected to', async (each) => {
  const answers = await Promise.all(
    routes.map(async ({ path, body }) => {
      const whole = JSON.stringify({ ...body, ...each.field(other.origin) })
      const answer = await rawRequest(rig.server.url, { method: 'POST', path, body: whole })
      const { error } = JSON.parse(answer.text) as { error: { message: string } }
      return { path, status: answer.status, isNamed: error.message.startsWith(`${each.param}: `) }
    }),
  )
  expect(answers).toEqual(routes.map(({ path }) => ({ path, status: 400, isNamed: true })))
  expect(sent()).toEqual([])
  expect(other.connections.accepted).toBe(0)
})

test.each(['api_base', 'base_url', 'api_key', 'extra_body[api_base]', 'headers[host]'])(
  'fault 50: the part %s of a form is refused',
  async (name) => {
    const form = new FormData()
    form.append(name, other.origin)
    form.append('model', 'm')
    form.append('file', new Blob(['RIFF']), 'a.wav')
    const response = await fetch(`${rig.server.url}/v1/audio/transcriptions`, { method: 'POST', body: form })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(name)
    expect(sent()).toEqual([])
    expect(other.connections.accepted).toBe(0)
  },
)

const headers = [
  ...['x-forwarded-host', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-server', 'forwarded', 'x-real-ip'],
  ...['x-original-url', 'x-original-host', 'x-rewrite-url', 'x-host', 'x-upstream-host', 'x-base-url', 'x-api-base'],
  ...['x-target-url', 'x-portkey-custom-host', 'x-portkey-config', 'x-portkey-provider', 'helicone-target-url'],
  ...['helicone-openai-api-base', 'x-litellm-api-base', 'x-goog-api-key', 'proxy', 'x-proxy', 'openai-organization'],
  ...['api-base', 'base-url', 'x-gateway-provider', 'x-gateway-base-url', 'x-amz-endpoint', 'location'],
]

test.each(routes)('fault 50: headers and queries that name a host change nothing at $path', async ({ path, body }) => {
  const named = Object.fromEntries(headers.map((name) => [name, other.origin]))
  const query = texts.filter((name) => name !== 'api_key').map((name) => `${name}=${encodeURIComponent(other.origin)}`)
  await rawRequest(rig.server.url, {
    method: 'POST',
    path: `${path}?${query.join('&')}`,
    headers: named,
    body: JSON.stringify(body),
  })
  expect(other.connections.accepted).toBe(0)
  expect(sent()).toHaveLength(path.endsWith('/count_tokens') ? 0 : 1)
  for (const request of sent()) {
    expect(request.headers.authorization).toBe(`Bearer ${upstreamKey}`)
    expect(JSON.stringify([request.path, request.headers, request.text])).not.toContain(other.origin)
  }
})

test('what services themselves understand is sent on', async () => {
  const more = { extra_body: { google: { thinking_config: { include_thoughts: true } } }, models: ['a', 'b'] }
  const body = JSON.stringify({ model: 'm', messages, ...more })
  const answer = await rawRequest(rig.server.url, { method: 'POST', path: '/v1/chat/completions', body })
  expect(answer.status).toBe(200)
  expect(sent()[0]?.json).toMatchObject(more)
})
