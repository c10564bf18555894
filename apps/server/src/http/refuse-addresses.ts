import { DragomanError } from '@dragoman/core'

/**
 * By these names other gateways, and upstreams that are gateways themselves, let a client say where a request goes, or
 * with whose key. Here only the configuration says that. They are refused and not left out in silence: whoever sends one
 * believes that it counts; and none is sent on, or the next gateway would obey.
 */
const refused: ReadonlySet<string> = new Set([
  ...['api_base', 'apiBase', 'base_url', 'baseUrl', 'baseURL', 'api_host', 'endpoint_url', 'target_url', 'host'],
  ...['api_key', 'apiKey', 'api_type', 'custom_llm_provider', 'litellm_params', 'user_config', 'model_list'],
  ...['headers', 'extra_headers', 'extra_query', 'proxy', 'proxies', 'http_proxy', 'https_proxy'],
  ...['azure_endpoint', 'azure_ad_token', 'azure_ad_token_provider', 'vertex_credentials', 'vertex_ai_credentials'],
  ...['vertex_project', 'vertex_location', 'vertex_ai_project', 'vertex_ai_location', 'hosted_vllm_api_base'],
  ...['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token', 'aws_session_name', 'aws_region_name'],
  ...['aws_profile_name', 'aws_role_name', 'aws_web_identity_token', 'aws_sts_endpoint', 'aws_external_id'],
  ...['aws_bedrock_runtime_endpoint', 'langfuse_host', 'langsmith_base_url', 'posthog_host', 'slack_webhook_url'],
])

/** What may hold further requests, or the same fields once more. */
const holders: ReadonlySet<string> = new Set([
  ...['extra_body', 'fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks', 'models'],
])

/** So deep such fields are looked for: in a list of fallbacks, in one of them, in its `extra_body`. */
const depth = 4

/** Throws `invalid_request`, which names the field, for a body in which a client says where its request is to go. */
export function refuseAddresses(body: unknown): void {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return
  for (const name in body) {
    if (refused.has(name)) throw notForClients(name)
    if (holders.has(name)) lookInto((body as Record<string, unknown>)[name], name, depth)
  }
}

/** The same for the name of a part of a form. */
export function refuseAddressField(name: string): void {
  const [, first = name, inner] = /^([^[]*)\[([^\]]*)/.exec(name) ?? []
  if (refused.has(first) || (inner !== undefined && holders.has(first) && refused.has(inner))) throw notForClients(name)
}

function lookInto(value: unknown, path: string, left: number): void {
  if (typeof value !== 'object' || value === null || left === 0) return
  for (const [name, inner] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`
    if (!Array.isArray(value) && refused.has(name)) throw notForClients(at)
    lookInto(inner, at, left - 1)
  }
}

function notForClients(param: string): DragomanError {
  const message = `${param}: where a request goes, and with which key, is for the configuration of this server to say`
  return new DragomanError('invalid_request', message, { param, publicCode: 'field_not_allowed' })
}
