import { join } from 'node:path'
import type { Agent } from './agent.ts'

/**
 * opencode, which speaks Chat Completions by the AI SDK. At each start it asks the npm registry for its plugin package, and
 * has no setting against that.
 */
export const opencode: Agent = {
  id: 'opencode',
  package: 'opencode-ai',
  version: '1.18.33',
  speaks: 'chat completions',
  models: ['house-model'],
  keepsReasoning: true,
  program: (installed, { origin, key, model, prompt, home }) => {
    // Its launcher is written by an install script, which is not run.
    const [platform, suffix] = process.platform === 'win32' ? ['windows', '.exe'] : [process.platform, '']
    return {
      file: join(installed, `node_modules/opencode-${platform}-${process.arch}/bin/opencode${suffix}`),
      args: ['run', prompt],
      env: {
        OPENCODE_CONFIG: join(home, 'opencode.json'),
        DRAGOMAN_KEY: key,
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
      },
      files: {
        'opencode.json': JSON.stringify({
          autoupdate: false,
          share: 'disabled',
          model: `dragoman/${model}`,
          provider: {
            dragoman: {
              npm: '@ai-sdk/openai-compatible',
              options: { baseURL: `${origin}/v1`, apiKey: '{env:DRAGOMAN_KEY}' },
              models: { [model]: {} },
            },
          },
        }),
      },
    }
  },
  hands: {
    look: (note) => [
      { name: 'bash', arguments: { command: 'ls', description: 'Lists the folder' } },
      { name: 'read', arguments: { filePath: note } },
    ],
    write: (path, text) => ({ name: 'write', arguments: { filePath: path, content: text } }),
  },
}
