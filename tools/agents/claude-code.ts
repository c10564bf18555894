import { join } from 'node:path'
import type { Agent } from './agent.ts'

/** Anthropic's Claude Code, which speaks Messages. */
export const claudeCode: Agent = {
  id: 'claude-code',
  package: '@anthropic-ai/claude-code',
  version: '2.1.330',
  speaks: 'messages',
  models: ['claude-house-model'],
  keepsReasoning: true,
  program: (installed, { origin, key, model, prompt }) => ({
    file: process.execPath,
    args: [
      // The way without an install script.
      join(installed, 'node_modules/@anthropic-ai/claude-code/cli-wrapper.cjs'),
      '--print',
      prompt,
      '--model',
      model,
      // As root it refuses to skip permissions.
      '--allowedTools',
      'Bash',
      'Read',
      'Write',
    ],
    env: {
      ANTHROPIC_BASE_URL: origin,
      ANTHROPIC_API_KEY: key,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
  }),
  hands: {
    look: (note) => [
      { name: 'Bash', arguments: { command: 'ls', description: 'Lists the folder' } },
      { name: 'Read', arguments: { file_path: note } },
    ],
    write: (path, text) => ({ name: 'Write', arguments: { file_path: path, content: text } }),
  },
}
