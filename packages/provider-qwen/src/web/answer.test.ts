import { collect } from '@dragoman/core'
import { expect, test } from 'vitest'
import { answered, answers, ask, failureOf, providerOf, session } from './test-requests.ts'
import { answer, created, frame, frames, startTestSite, usage } from './test-site.ts'

const think = (content: string, status = 'typing') => frame({ content, phase: 'think', status })

test('covers qwen-web text: a whole answer, and nothing of the chat is left', async () => {
  await using site = await startTestSite()
  site.settings.answers = [frames(answer('It ', 'is ', '4.'))]
  const provider = providerOf(site)
  const completion = await collect(provider.chat(ask, session()), ask)
  expect(completion.choices[0]).toMatchObject({ message: { content: 'It is 4.' }, finish_reason: 'stop' })
  expect(site.asked[0]).toMatchObject({ model: 'qwen-max', parent_id: null, messages: [{ content: 'Hi' }] })
  await site.deleted(1)
  await provider.close()
  expect(site.chats.size).toBe(0)
})

test('covers qwen-web reasoning: thinking is apart from the answer', async () => {
  const events = [created, think('Two plus'), think(' two.'), think('FINISHED', 'finished'), ...answer('4').slice(1)]
  const { message, asked } = await answered({ model: 'qwen-max-thinking' }, answers(frames(events)))
  expect(message.message).toMatchObject({ reasoning_content: 'Two plus two.', content: '4' })
  expect(asked[0].model).toBe('qwen-max')
  expect(asked[0].messages[0].feature_config).toEqual({
    thinking_enabled: true,
    output_schema: 'phase',
    thinking_budget: 81_920,
  })
})

test('a summary of thinking that grows and is sent again comes once', async () => {
  const summary = (titles: string[], thoughts: string[]) =>
    frame({
      content: '',
      phase: 'thinking_summary',
      extra: { summary_title: { content: titles }, summary_thought: { content: thoughts } },
    })
  const events = [
    created,
    summary(['Adding'], ['Two plus two.']),
    summary(['Adding'], ['Two plus two.']),
    summary(['Adding', 'Checking'], ['Two plus two.', 'It is 4.']),
    ...answer('4').slice(1),
  ]
  const { message } = await answered({}, answers(frames(events)))
  expect(message.message.reasoning_content).toBe('Adding\nTwo plus two.\nChecking\nIt is 4.')
})

test.each([
  ['pieces', ['It', ' is', ' 4.'], 'It is 4.'],
  ['the whole so far', ['It', 'It is', 'It is', 'It is 4.'], 'It is 4.'],
  ['pieces that say the same twice', ['ha', 'ha', 'haha'], 'hahahaha'],
])('text that comes as %s', async (_, texts, expected) => {
  const { message } = await answered({}, answers(frames(answer(...texts))))
  expect(message.message.content).toBe(expected)
})

test('frames of another answer are left out', async () => {
  const other = { ...frame({ content: 'Not ours', phase: 'answer' }), response_id: 'r-2' }
  const [first = {}, ...rest] = answer('Ours')
  const { message } = await answered({}, answers(frames([first, other, ...rest])))
  expect(message.message.content).toBe('Ours')
})

test('an answer without [DONE] is whole, one that was not finished is not', async () => {
  expect((await answered({}, answers(frames(answer('4'), [])))).message.finish_reason).toBe('stop')
  const error = await failureOf({}, answers(frames(answer('4').slice(0, -1))))
  expect(error.code).toBe('upstream_protocol')
  const onlyThought = await failureOf({}, answers(frames([created, think('Hm', 'finished')])))
  expect(onlyThought.code).toBe('upstream_protocol')
})

test('covers qwen-web usage: the last count of the site, under either name', async () => {
  const [first = {}, text = {}] = answer('4')
  const early = { ...text, usage: { input_tokens: 10, output_tokens: 1, total_tokens: 11 } }
  const details = { input_tokens_details: { cached_tokens: 2 }, output_tokens_details: { reasoning_tokens: 3 } }
  const last = frame({ content: '', phase: 'answer', status: 'finished' }, { usage: { ...usage.usage, ...details } })
  expect((await answered({}, answers(frames([first, early, last])))).usage).toEqual({
    prompt_tokens: 10,
    completion_tokens: 8,
    total_tokens: 18,
    prompt_tokens_details: { cached_tokens: 2 },
    completion_tokens_details: { reasoning_tokens: 3 },
  })
  const other = { usage: { prompt_tokens: 5, completion_tokens: 6 } }
  const named = frame({ content: '', phase: 'answer', status: 'finished' }, other)
  expect((await answered({}, answers(frames([first, text, named])))).usage).toMatchObject({ total_tokens: 11 })
})

test('covers qwen-web search: the kind of the chat, and its sources as annotations, each once', async () => {
  const found = (urls: string[]) =>
    frame({
      role: 'function',
      name: 'web_search',
      content: 'raw results',
      phase: 'web_search',
      status: 'finished',
      extra: { web_search_info: urls.map((url) => ({ url, title: `Of ${url}`, snippet: '…' })) },
    })
  const urls = ['https://example.org/a', 'https://example.org/b']
  const events = [created, found(urls.slice(0, 1)), found(urls), ...answer('4').slice(1)]
  const { message, asked } = await answered({ model: 'qwen-plus-search' }, answers(frames(events)))
  expect(asked[0].messages[0]).toMatchObject({ chat_type: 'search', extra: { meta: { subChatType: 'search' } } })
  expect(message.message.content).toBe('4')
  expect(message.message.annotations).toEqual(
    urls.map((url) => ({
      type: 'url_citation',
      url_citation: { url, title: `Of ${url}`, start_index: 0, end_index: 0 },
    })),
  )
})

test('stop texts end the answer, also one that came in two pieces', async () => {
  const { message } = await answered({ stop: ['END'] }, answers(frames(answer('one E', 'ND two'))))
  expect(message).toMatchObject({ message: { content: 'one ' }, finish_reason: 'stop' })
  const other = await answered({ stop: 'END' }, answers(frames(answer('one E', 'NTER'))))
  expect(other.message.message.content).toBe('one ENTER')
})
