import { join } from 'node:path'
import type { Agent } from './agent.ts'

/** Qwen Code, which speaks Chat Completions by OpenAI's own SDK. */
export const qwenCode: Agent = {
  id: 'qwen-code',
  package: '@qwen-code/qwen-code',
  version: '0.24.4',
  speaks: 'chat completions',
  models: ['house-model'],
  keepsReasoning: true,
  program: (installed, { origin, key, model, prompt }) => ({
    file: process.execPath,
    args: [
      join(installed, 'node_modules/@qwen-code/qwen-code/cli-entry.js'),
      '--auth-type',
      'openai',
      '--prompt',
      prompt,
      // The folder is ours and the commands are too.
      '--yolo',
    ],
    env: { OPENAI_BASE_URL: `${origin}/v1`, OPENAI_API_KEY: key, OPENAI_MODEL: model },
    files: {
      '.qwen/settings.json': JSON.stringify({
        privacy: { usageStatisticsEnabled: false },
        telemetry: { enabled: false },
        general: { enableAutoUpdate: false },
      }),
    },
  }),
  hands: {
    look: (note) => [
      { name: 'glob', arguments: { pattern: '*.txt' } },
      { name: 'read_file', arguments: { file_path: note } },
    ],
    write: (path, text) => ({ name: 'write_file', arguments: { file_path: path, content: text } }),
  },
}
