import { defineConfig } from 'vitest/config'

// Tests run on the sources: the condition below resolves workspace packages to their src/.
const conditions = ['dragoman-source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tools/**/*.test.ts', 'bench/*.test.ts'],
    // Clients spawned by tests must not pick up the operator's keys or proxies.
    setupFiles: ['tools/test-setup.ts'],
    globalSetup: ['tools/test-skips.ts'],
    // A file of tests leaves nothing behind that another would stumble over, and need not load everything anew.
    isolate: false,
    // All cores: much of what tests do is to wait for a server of their own.
    maxWorkers: '100%',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
  },
})
