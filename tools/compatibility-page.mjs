// @ts-check
// Which client does what at which endpoint, from the titles of tests: `covers <client> <endpoint> <feature>: …`.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { shownTitle } from './providers-page.mjs'
import { ROOT } from './workspace.mjs'

/** @type {Readonly<Record<string, { readonly name: string, readonly endpoints: readonly string[] }>>} */
const clients = {
  'openai-sdk': {
    name: 'openai (SDK)',
    endpoints: ['chat', 'responses', 'completions', 'embeddings', 'images', 'audio', 'moderations', 'files'],
  },
  'anthropic-sdk': { name: '@anthropic-ai/sdk', endpoints: ['messages', 'count_tokens'] },
  'ai-sdk': { name: 'AI SDK', endpoints: ['chat', 'responses', 'messages'] },
  langchain: { name: 'LangChain', endpoints: ['chat', 'responses'] },
}

/** The page, in Markdown. Throws where an endpoint of a client has no test. */
export function compatibilityPage() {
  const shown = titles()
  const sections = Object.entries(clients).map(([id, { name, endpoints }]) => {
    const rows = endpoints.flatMap((endpoint) => {
      const own = shown.filter(({ client, endpoint: other }) => client === id && other === endpoint)
      if (own.length === 0) throw new Error(`${id}: ${endpoint} has no test`)
      return own.map(
        ({ feature, title, file }) => `| ${endpoint} | ${feature} | yes | ${shownTitle(title)} (${file}) |`,
      )
    })
    return `## ${name}\n\n| Endpoint | Feature | | Shown by |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return `# Compatibility

Which clients work, endpoint by endpoint, and which test shows it. Made from the titles of the tests; \`npm run up --
generate\` makes it anew, and CI fails where it is not up to date. Each test of chat, responses and messages runs over three
fakes of services: one in OpenAI's style, one whose model writes Kimi's markup into its text, and Anthropic.

Coding agents (Codex, Claude Code, opencode, Qwen Code) are too large for that: a program that is started by hand has each
of them do a task ([CONTRIBUTING.md](../CONTRIBUTING.md#try-real-agents)).

${sections.join('\n')}`
}

function titles() {
  const known = Object.keys(clients)
  return globSync('apps/server/src/**/*.test.ts', { cwd: ROOT })
    .sort()
    .flatMap((file) => {
      const found = readFileSync(join(ROOT, file), 'utf8').matchAll(/(['"`])covers ([\w-]+) (\w+) (\w+): (.+?)\1/g)
      return [...found].map(([, , client = '', endpoint = '', feature = '', title = '']) => {
        const isKnown = known.includes(client) && clients[client]?.endpoints.includes(endpoint)
        if (!isKnown) throw new Error(`${file}: ${client} ${endpoint} is no cell of the table`)
        return { client, endpoint, feature, title, file: file.slice(file.lastIndexOf('/') + 1) }
      })
    })
}
