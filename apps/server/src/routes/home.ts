import type { Handler } from '../http/handler.ts'
import { sendJson } from '../http/send-json.ts'
import { acceptance } from '../provider-sources.ts'

export interface HomeFacts {
  readonly version: string
  readonly mode: 'open' | 'keys'
  readonly providers: readonly { readonly id: string; readonly source: string }[]
  readonly defaultModel: string | undefined
}

const endpoints = [
  'POST /v1/chat/completions',
  'POST /v1/responses',
  'GET /v1/responses/{id}',
  'DELETE /v1/responses/{id}',
  'GET /v1/responses/{id}/input_items',
  'POST /v1/responses/{id}/cancel',
  'POST /v1/messages',
  'POST /v1/messages/count_tokens',
  'POST /v1/completions',
  'POST /v1/embeddings',
  'POST /v1/images/generations',
  'POST /v1/images/edits',
  'POST /v1/audio/speech',
  'POST /v1/audio/transcriptions',
  'POST /v1/audio/translations',
  'POST /v1/moderations',
  'GET /v1/files',
  'POST /v1/files',
  'GET /v1/files/{id}',
  'DELETE /v1/files/{id}',
  'GET /v1/files/{id}/content',
  'GET /v1/models',
  'GET /v1/models/{id}',
  'GET /health',
]

/**
 * `GET /`: for a browser a page that says how to call this server, else the same as JSON. Needs no key, so where keys
 * are asked for it tells nothing about what is behind them.
 */
export function home(facts: HomeFacts): Handler {
  return (request, response) => {
    const { version, mode } = facts
    const shown = mode === 'open' ? facts : { ...facts, providers: [], defaultModel: undefined }
    if (!isBrowser(request.headers.accept)) {
      const { providers, defaultModel } = shown
      sendJson(response, { name: 'dragoman', version, mode, endpoints, providers, defaultModel })
      return
    }
    const body = Buffer.from(page(shown, `http://${request.headers.host ?? 'localhost'}`))
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': body.length,
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

/** `GET /favicon.ico`: browsers ask for it beside any JSON that they show, and it is not to look like a mistake in the log. */
export const noIcon: Handler = (_request, response) => {
  response.writeHead(204, { 'cache-control': 'public, max-age=86400' }).end()
}

function isBrowser(accept = ''): boolean {
  return accept.includes('text/html') && !accept.includes('application/json')
}

function page(facts: HomeFacts, origin: string): string {
  const model = facts.defaultModel ?? 'MODEL'
  const key = facts.mode === 'open' ? 'any-key' : '$DRAGOMAN_KEY'
  const curl = `curl ${origin}/v1/chat/completions \\
  -H 'content-type: application/json' \\${facts.mode === 'open' ? '' : `\n  -H "authorization: Bearer ${key}" \\`}
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}'`
  const sdk = `import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: '${origin}/v1',
  apiKey: ${facts.mode === 'open' ? `'${key}'` : 'process.env.DRAGOMAN_KEY'},
})
const stream = client.chat.completions.stream({
  model: '${model}',
  messages: [{ role: 'user', content: 'Hello' }],
})
stream.on('content', (text) => process.stdout.write(text))
await stream.done()`
  const claudeCode = `ANTHROPIC_BASE_URL=${origin} \\
ANTHROPIC_AUTH_TOKEN=${facts.mode === 'open' ? key : `"${key}"`} \\
ANTHROPIC_MODEL=${model} claude`
  const codex = `# ~/.codex/config.toml
model = "${model}"
model_provider = "dragoman"

[model_providers.dragoman]
name = "Dragoman"
base_url = "${origin}/v1"
env_key = "DRAGOMAN_KEY"
wire_api = "responses"`
  const providers = facts.providers.map(({ id, source }) => `<tr><td>${text(id)}</td><td>${text(source)}</td></tr>`)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dragoman</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; --line: light-dark(#d8d5cc, #3a3d42); --soft: light-dark(#f5f3ee, #1d2024); --faint: light-dark(#6b675d, #9a9ea6) }
  body { font: 16px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1.25rem }
  h1 { font-size: 1.9rem; margin: 0 } h1 small { font-size: .95rem; font-weight: 400; color: var(--faint) }
  h2 { font-size: 1.05rem; margin: 2rem 0 .5rem }
  pre { background: var(--soft); border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem; overflow-x: auto; font-size: .85rem; line-height: 1.5 }
  table { border-collapse: collapse; width: 100% } td { padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line) }
  td:first-child { font-family: ui-monospace, monospace; white-space: nowrap } td:last-child, p.faint { color: var(--faint) }
</style>
<h1>Dragoman <small>${text(facts.version)}</small></h1>
<p>A proxy for clients of OpenAI’s and Anthropic’s APIs. It is running, and its base URL is</p>
<pre>${text(origin)}/v1</pre>
<p class="faint">${acceptance(facts.mode, facts.defaultModel)}</p>
<h2>curl</h2>
<pre>${text(curl)}</pre>
<h2>OpenAI SDK</h2>
<pre>${text(sdk)}</pre>
<h2>Claude Code</h2>
<pre>${text(claudeCode)}</pre>
<h2>Codex</h2>
<pre>${text(codex)}</pre>
<p class="faint">The key is taken from the variable that <code>env_key</code> names, which has to be set.</p>
<pre>${facts.mode === 'open' ? `DRAGOMAN_KEY=${key} codex` : 'codex'}</pre>
${providers.length > 0 ? `<h2>Providers</h2>\n<table>${providers.join('')}</table>` : ''}
${facts.defaultModel ? `<p class="faint">A name that no provider knows is served by ${text(facts.defaultModel)}.</p>` : ''}
<h2>Endpoints</h2>
<pre>${text(endpoints.join('\n'))}</pre>
</html>
`
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
