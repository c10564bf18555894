import { testProvider } from '@dragoman/testkit'
import { anthropic } from './index.ts'

testProvider(anthropic, new URL('../fixtures/', import.meta.url), {
  configure: (origin) => ({ baseUrl: origin }),
  ordinary: 'text',
})
