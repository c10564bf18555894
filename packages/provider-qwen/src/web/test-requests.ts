import { type Call, collect, credential, isDragomanError, memoryState, type ProviderEnvironment } from '@dragoman/core'
import type { ChatCompletion, ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Reply } from '@dragoman/testkit'
import { expect } from 'vitest'
import { qwenWeb } from '../web.ts'
import { startTestSite, type TestSite } from './test-site.ts'

export const user = (content: string) => [{ role: 'user' as const, content }]
export const ask: ChatCompletionRequest = { model: 'qwen-max', messages: user('Hi') }
export const session = (values: Record<string, string> = { token: 'good-token' }, state = memoryState()): Call => ({
  credential: credential(values),
  signal: new AbortController().signal,
  state,
})

export function providerOf(site: TestSite, options: object = {}, environment: ProviderEnvironment = {}) {
  const { origin } = site.upstream
  const given = qwenWeb.options.parse({ baseUrl: origin, uploadBaseUrl: origin, ...options })
  return qwenWeb.create(given, { mediaFrom: ['127.0.0.1'], ...environment })
}

export const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=='

/** A question about the image at this address. */
export const seen = (url: string) => [
  {
    role: 'user' as const,
    content: [
      { type: 'text' as const, text: 'What is it? ' },
      { type: 'image_url' as const, image_url: { url } },
    ],
  },
]

/** The answer to a request by a site that was prepared so. */
export async function answered(
  request: Partial<ChatCompletionRequest>,
  prepare: (site: TestSite) => void = () => {},
): Promise<{ message: ChatCompletion['choices'][0]; usage: ChatCompletion['usage']; asked: TestSite['asked'] }> {
  await using site = await startTestSite()
  prepare(site)
  const provider = providerOf(site)
  const whole = { ...ask, ...request }
  try {
    const completion = await collect(provider.chat(whole, session()), whole)
    const [choice] = completion.choices
    return { message: choice ?? expect.fail('no choice'), usage: completion.usage, asked: site.asked }
  } finally {
    await provider.close()
  }
}

export async function failureOf(request: Partial<ChatCompletionRequest>, prepare: (site: TestSite) => void) {
  const error: unknown = await answered(request, prepare).then(
    () => undefined,
    (cause: unknown) => cause,
  )
  return isDragomanError(error) ? error : expect.fail(`not a DragomanError: ${error}`)
}

export const answers =
  (...replies: Reply[]) =>
  ({ settings }: TestSite) => {
    settings.answers = replies
  }
