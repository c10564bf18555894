import { type Reply, tokens } from '@dragoman/testkit'
import { detail } from '../../../packages/provider-k2think/src/test-api.ts'
import * as k2think from '../../../packages/provider-k2think/src/web/test-site.ts'
import * as kimiNonce from '../../../packages/provider-kimi/src/nonce/test-site.ts'
import * as kimi from '../../../packages/provider-kimi/src/web/test-site.ts'
import * as longcat from '../../../packages/provider-longcat/src/test-site.ts'
import * as orion from '../../../packages/provider-orion/src/test-orion.ts'
import * as qwen from '../../../packages/provider-qwen/src/web/test-site.ts'
import * as zai from '../../../packages/provider-zai/src/web/test-site.ts'
import { type Answer, type Door, replyQueue, spoken } from './test-founding-door.ts'

const tooLong = 'The conversation exceeds the maximum context length'
const usage = tokens(11, 5)

/** The frame that names the conversation which kimi.com has begun. */
const begun = { op: 'set', eventOffset: 1, mask: 'chat', chat: { id: '19c-1' } }

/** Sessions of one's own account, and the site that asks for none. */
export const sites: readonly Door[] = [
  {
    id: 'zai-web',
    // One of those for which the site wants a conversation to exist.
    model: 'GLM-4.7-Thinking',
    async start() {
      const { answers, next } = replyQueue()
      const site = await zai.startSite(next)
      // Its signatures hold for minutes only, and all fakes have one time.
      site.clock.jump(kimi.NOW - site.clock.now())
      const { origin, requests } = site.upstream
      return {
        settings: { baseUrl: origin, signingKey: zai.signingKey, credentials: [{ token: zai.accountToken }] },
        requests,
        answers,
        left: () => [...site.chats],
        [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
      }
    },
    // The thinking, and the whole of it once more in front of the answer.
    write: (answer) => {
      const thought = `<summary>Thought</summary>\n> ${answer.reasoning ?? 'Hm.'}`
      const [first = '', ...others] = spoken(answer)
      const edit_content = `<details type="reasoning" done="true">\n${thought}\n</details>\n${first}`
      return zai.stream(
        zai.frame({ phase: 'thinking', delta_content: `<details type="reasoning" done="false">\n${thought}` }),
        zai.frame({ phase: 'answer', edit_index: 0, edit_content }),
        zai.frame({ phase: 'other', usage }),
        ...zai.said(...others),
      )
    },
    reasons: true,
    usage,
    withoutTools: { promptTools: false },
    tooLong: { reply: zai.stream(zai.frame({ error: { code: 400, detail: tooLong } })) },
    refused: {
      asksForCaptcha: true,
      credential: { email: 'me@example.com', password: 'another-password' },
      at: 'POST /api/v1/auths/signin',
    },
  },
  {
    id: 'k2think-web',
    model: 'MBZUAI-IFM/K2-Think',
    async start() {
      const site = await k2think.startSite()
      return {
        settings: { baseUrl: site.upstream.origin, credentials: [k2think.account] },
        requests: site.upstream.requests,
        answers: (...replies) => site.answer(...replies),
        left: () => [],
        endSession: () => {
          site.site.token = k2think.jwt(4_000_000_000, 'renewed')
        },
        [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
      }
    },
    write: (answer) => {
      const pieces = [`${answer.reasoning ?? 'Hm.'}</think>`, ...spoken(answer)]
      return k2think.snapshots(...pieces.map((_, i) => pieces.slice(0, i + 1).join('')))
    },
    reasons: true,
    withoutTools: { promptTools: false },
    renews: true,
    tooLong: { reply: detail(tooLong) },
    refused: { credential: { ...k2think.account, password: 'wrong-one' }, at: 'POST /api/v1/auths/signin' },
  },
  {
    id: 'qwen-web',
    model: 'qwen-max-thinking',
    async start() {
      const site = await qwen.startTestSite()
      const { upstream, settings } = site
      const { email, password } = settings.account
      settings.answers = []
      settings.models = { data: [{ id: 'qwen3-max' }] }
      return {
        settings: { baseUrl: upstream.origin, uploadBaseUrl: upstream.origin, credentials: [{ email, password }] },
        requests: upstream.requests,
        answers: (...replies) => void settings.answers.push(...replies),
        left: () => [...site.chats],
        endSession: () => {
          settings.account.token = 'renewed-token'
          settings.tokens = new Set(['renewed-token'])
        },
        [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
      }
    },
    write: (answer) => {
      const [created = {}, ...said] = qwen.answer(...spoken(answer))
      const thought = qwen.frame({ content: answer.reasoning ?? 'Hm.', phase: 'think', status: 'typing' })
      return qwen.frames([created, thought, ...said])
    },
    reasons: true,
    usage: tokens(10, 8),
    withoutTools: { promptTools: false },
    renews: true,
    tooLong: { reply: qwen.failure('Bad_Request', tooLong) },
    refused: { credential: { email: 'jane@example.com', password: 'wrong-one' }, at: 'POST /api/v1/auths/signin' },
  },
  {
    id: 'longcat-web',
    model: 'LongCat-Thinking',
    async start() {
      const site = await longcat.startTestSite()
      return {
        settings: { baseUrl: site.origin, credentials: [{ token: longcat.goodToken }] },
        requests: site.requests,
        answers: (...replies) => site.answers(...replies),
        left: () => [...site.conversations],
        [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
      }
    },
    write: (answer) => {
      const said = spoken(answer).map((content) => ({ type: 'content', content }))
      const end = { inputTokens: 11, outputTokens: 5, totalTokens: 16 }
      return longcat.frames({ type: 'reason', content: answer.reasoning ?? 'Hm.' }, ...said, {
        type: 'finish',
        finishType: 'normal',
        usage: end,
      })
    },
    reasons: true,
    usage,
    withoutTools: { promptTools: false },
    tooLong: { reply: longcat.frames({ type: 'event_error', code: 7, content: '内容超长' }) },
    refused: { credential: { token: 'passport-of-nobody' }, at: 'POST /api/v1/session-create' },
  },
  {
    id: 'kimi-web',
    model: 'kimi-k2-thinking',
    async start() {
      const rig = await kimi.start()
      const { upstream, site } = rig
      const { answers, next } = replyQueue()
      site.answer = next
      return {
        settings: { baseUrl: upstream.origin, authBaseUrl: upstream.origin, credentials: [{ token: site.refresh }] },
        requests: upstream.requests,
        answers,
        // Each message begins a conversation.
        endSession: () => {
          site.access = 'revoked'
        },
        left: () => site.messages.slice(site.deleted.length).map((_, i) => `number ${site.deleted.length + i}`),
        [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
      }
    },
    write: kimiAnswer,
    reasons: true,
    withoutTools: { promptTools: false },
    renews: true,
    tooLong: {
      reply: kimi.streamed(begun, kimi.endFrame({ error: { code: 'invalid_argument', message: tooLong } })),
    },
    refused: { credential: { token: kimi.tokenOf('refresh', 9, 90 * 86_400_000) }, at: `POST ${kimi.refreshPath}` },
  },
  {
    id: 'kimi-nonce',
    model: 'kimi-k2-instruct-0905',
    async start() {
      const rig = await kimiNonce.start()
      const { answers, next } = replyQueue()
      rig.site.answer = next
      return {
        settings: { baseUrl: rig.upstream.origin },
        requests: rig.upstream.requests,
        answers,
        left: () => [],
        [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
      }
    },
    write: (answer) => kimiNonce.said(spoken(answer).join('')),
    reasons: false,
    answersWhole: true,
    withoutTools: { promptTools: false },
    tooLong: { options: { maxCharacters: 10 } },
  },
  {
    id: 'orion-web',
    model: 'Claude 4-Default',
    async start() {
      const token = 'token-of-the-session'
      const fake = await orion.startFakeOrion(token)
      const { answers, next } = replyQueue()
      fake.answer = next
      const ids = () => [...(fake.accounts.get(token)?.conversations.keys() ?? [])]
      return {
        settings: { ...fake.urls, credentials: [{ token }] },
        requests: fake.upstream.requests,
        answers,
        left: () => ids().filter((id) => id !== 'cv-own'),
        [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
      }
    },
    write: (answer) => orion.answered(`<think>${answer.reasoning ?? 'Hm.'}</think>`, ...spoken(answer)),
    reasons: true,
    withoutTools: { promptTools: false },
    tooLong: { reply: orion.failure(400, tooLong) },
    refused: { credential: { token: 'token-of-nobody' }, at: 'GET /project' },
  },
]

function kimiAnswer(answer: Answer): Reply {
  const block = (op: string, fields: object) => ({ op, block: { parentId: 'm-1', ...fields } })
  const status = (word: string) => ({
    op: 'set',
    message: { id: 'm-1', role: 'assistant', status: `MESSAGE_STATUS_${word}` },
  })
  const frames = [
    status('GENERATING'),
    block('set', { id: 'b1', think: { content: answer.reasoning ?? 'Hm.' } }),
    ...spoken(answer).map((content, i) => block(i === 0 ? 'set' : 'append', { id: 'b2', text: { content } })),
    status('COMPLETED'),
    { done: {} },
  ].map((frame, i) => ({ eventOffset: i + 2, ...frame }))
  return kimi.streamed(begun, ...frames, kimi.endFrame())
}
