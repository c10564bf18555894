import { basename, join } from 'node:path'
import type { Agent } from './agent.ts'

const closeAgent = 'multi_agent_v1__close_agent'

/** OpenAI's Codex, which speaks Responses only. */
export const codex: Agent = {
  id: 'codex',
  package: '@openai/codex',
  version: '0.169.0',
  speaks: 'responses',
  // The first is not known to it: namespaces, writing by the shell. The second is: a custom tool with a grammar,
  // and a search for tools.
  models: ['house-model', 'gpt-5.5'],
  keepsReasoning: true,
  program: (installed, { origin, key, model, prompt, home }) => ({
    file: process.execPath,
    args: [
      join(installed, 'node_modules/@openai/codex/bin/codex.js'),
      'exec',
      '--skip-git-repo-check',
      // The folder is ours and the commands are too.
      '--sandbox',
      'danger-full-access',
      prompt,
    ],
    env: { CODEX_HOME: join(home, 'codex'), DRAGOMAN_KEY: key },
    files: {
      'codex/config.toml': `model = ${JSON.stringify(model)}
model_provider = "dragoman"
check_for_update_on_startup = false

[analytics]
enabled = false

# Both fetch lists.
[features]
apps = false
plugins = false

[model_providers.dragoman]
name = "Dragoman"
base_url = "${origin}/v1"
env_key = "DRAGOMAN_KEY"
wire_api = "responses"
# It tries a WebSocket first, as it does for OpenAI, and goes on by HTTP where it is told to.
supports_websockets = true
`,
    },
  }),
  hands: {
    look: (note, offered) => [
      { name: 'exec_command', arguments: { cmd: 'ls' } },
      { name: 'exec_command', arguments: { cmd: `cat ${basename(note)}` } },
      // A tool of a namespace: there is no such agent, and it is Codex itself that says so.
      ...(offered.has(closeAgent) ? [{ name: closeAgent, arguments: { target: 'nobody' } }] : []),
    ],
    write(path, text, offered) {
      const name = basename(path)
      if (!offered.has('apply_patch')) {
        return { name: 'exec_command', arguments: { cmd: `cat > ${name} <<'END'\n${text}END` } }
      }
      const lines = text.trimEnd().split('\n')
      const patch = [
        '*** Begin Patch',
        `*** Add File: ${name}`,
        ...lines.map((line) => `+${line}`),
        '*** End Patch',
        '',
      ]
      return { name: 'apply_patch', arguments: { input: patch.join('\n') } }
    },
  },
}
