import {
  chatStream,
  type Exchange,
  errorReply,
  type FakeUpstream,
  jsonReply,
  type Reply,
  startFakeUpstream,
  tokens,
} from '@dragoman/testkit'
import { apiKey, detail, startApi, streamed } from '../../../packages/provider-k2think/src/test-api.ts'
import { startZai } from '../../../packages/provider-zai/src/api/test-zai.ts'
import { type Answer, type Door, type FoundingService, replyQueue, spoken } from './test-founding-door.ts'

const usage = tokens(11, 5)
const wrongKey = { apiKey: 'sk-of-somebody-else' }

/** As OpenAI streams it, which most of them do. */
function write({ reasoning, text, call }: Answer): Reply {
  return chatStream({ reasoning, text, toolCalls: call && [call], usage })
}

interface Plane {
  /** In front of `chat/completions`, and of `models` where that is elsewhere. */
  readonly chat: string
  readonly lists?: string
  /** What it serves, in its own words. */
  readonly models: readonly string[]
  readonly unknownModel: Reply
  settings(upstream: FakeUpstream): object
}

const ownKey = 'sk-of-our-own-account'

/** A platform that speaks Chat Completions: it knows its key, its models and what it is never sent. */
async function startPlane(plane: Plane): Promise<FoundingService> {
  const upstream = await startFakeUpstream()
  const { answers, next } = replyQueue()
  const complaint = ({ headers, method }: Exchange, expected: string) => {
    if (method !== expected) return errorReply(405)
    return headers.authorization === `Bearer ${ownKey}` ? undefined : errorReply(401, 'Invalid Authentication')
  }
  upstream.on(`${plane.lists ?? plane.chat}/models`, (request) => {
    const data = plane.models.map((id) => ({ id, object: 'model', created: 1, owned_by: 'the-service' }))
    return complaint(request, 'GET') ?? jsonReply({ object: 'list', data })
  })
  upstream.on(`${plane.chat}/chat/completions`, (request) => {
    const wrong = complaint(request, 'POST')
    if (wrong) return wrong
    const { json } = request
    if (!plane.models.includes(json.model)) return plane.unknownModel
    if (json.stream !== true || json.stream_options?.include_usage !== true) return errorReply(400, 'no stream')
    if (json.messages.some(({ content }: Exchange['json']) => Array.isArray(content))) return errorReply(400, 'no text')
    return next()
  })
  return {
    settings: { ...plane.settings(upstream), credentials: [{ apiKey: ownKey }] },
    requests: upstream.requests,
    answers,
    left: () => [],
    [Symbol.asyncDispose]: () => upstream.close(),
  }
}

const unknownModel = {
  qwen: errorReply(404, { error: { message: 'The model does not exist.', code: 'model_not_found' }, request_id: 'r' }),
  longcat: errorReply(404, 'There is no such model'),
  kimi: errorReply(404, {
    error: { type: 'resource_not_found_error', message: 'Not found the model or Permission denied' },
  }),
}

/** The documented APIs. */
export const apis: readonly Door[] = [
  {
    id: 'zai',
    model: 'GLM-4.6-Thinking',
    async start() {
      const { answers, next } = replyQueue()
      const rig = await startZai(next)
      const { upstream } = rig
      return {
        settings: { baseUrl: `${upstream.origin}/api/paas/v4`, credentials: [{ apiKey: 'the-key' }] },
        requests: upstream.requests,
        answers,
        left: () => [],
        [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
      }
    },
    write,
    reasons: true,
    usage,
    unknownModel: jsonReply({ error: { code: '1211', message: 'Model does not exist' } }, 400),
    tooLong: { reply: jsonReply({ error: { code: '1261', message: 'Prompt too long' } }, 400) },
    refused: { credential: wrongKey, at: 'POST /api/paas/v4/chat/completions' },
  },
  {
    id: 'k2think',
    model: 'MBZUAI-IFM/K2-Think',
    async start() {
      const rig = await startApi()
      return {
        settings: { baseUrl: `${rig.upstream.origin}/v1`, credentials: [{ apiKey }] },
        requests: rig.upstream.requests,
        answers: (...replies) => rig.answer(...replies),
        left: () => [],
        [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
      }
    },
    write: (answer) => streamed([`${answer.reasoning ?? 'Hm.'}</think>`, ...spoken(answer)]),
    reasons: true,
    withoutTools: { promptTools: false },
    tooLong: { reply: detail("This model's maximum context length is 262144 tokens.") },
    refused: { credential: wrongKey, at: 'POST /v1/chat/completions' },
  },
  {
    id: 'qwen',
    model: 'qwen-max-thinking',
    start: () =>
      startPlane({
        chat: '/compatible-mode/v1',
        models: ['qwen-max', 'qwen-plus', 'qwen-turbo', 'qwen-long'],
        unknownModel: unknownModel.qwen,
        settings: ({ origin }) => ({ baseUrl: `${origin}/compatible-mode/v1` }),
      }),
    write,
    reasons: true,
    usage,
    unknownModel: unknownModel.qwen,
    tooLong: {
      reply: errorReply(400, {
        error: { code: 'InvalidParameter', message: 'Range of input length should be [1, 30720]' },
      }),
    },
    refused: { credential: wrongKey, at: 'POST /compatible-mode/v1/chat/completions' },
  },
  {
    id: 'longcat',
    model: 'LongCat-Thinking',
    start: () =>
      startPlane({
        chat: '/openai/v1',
        lists: '/v1',
        models: ['LongCat-2.0'],
        unknownModel: unknownModel.longcat,
        settings: ({ origin }) => ({ baseUrl: origin }),
      }),
    write,
    reasons: true,
    usage,
    unknownModel: unknownModel.longcat,
    tooLong: { reply: errorReply(400, "This model's maximum context length is 1048576 tokens.") },
    refused: { credential: wrongKey, at: 'POST /openai/v1/chat/completions' },
  },
  {
    id: 'kimi',
    model: 'kimi-k2-thinking',
    start: () =>
      startPlane({
        chat: '/v1',
        models: ['kimi-k2-thinking', 'kimi-k2.6'],
        unknownModel: unknownModel.kimi,
        settings: ({ origin }) => ({ baseUrl: `${origin}/v1` }),
      }),
    write,
    reasons: true,
    usage,
    unknownModel: unknownModel.kimi,
    tooLong: {
      reply: errorReply(400, {
        error: { type: 'invalid_request_error', message: 'Your request exceeded model token limit: 262144' },
      }),
    },
    refused: { credential: wrongKey, at: 'POST /v1/chat/completions' },
  },
]
