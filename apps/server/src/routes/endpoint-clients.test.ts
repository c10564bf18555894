import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { chatStream, jsonReply } from '@dragoman/testkit'
import { OpenAI as LangChainCompletion, OpenAIEmbeddings } from '@langchain/openai'
import { embedMany, generateImage, generateSpeech, generateText, transcribe } from 'ai'
import { expect, test } from 'vitest'
import { type EndpointsRig, startEndpoints } from '../test-endpoints-rig.ts'

// Clients besides the OpenAI SDK, which endpoints.test.ts has.

const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

function answerAll({ upstream }: EndpointsRig): void {
  upstream.on('/v1/embeddings', ({ json }) =>
    jsonReply({
      object: 'list',
      data: [json.input]
        .flat()
        .map((_: unknown, index: number) => ({ object: 'embedding', index, embedding: [index, 0.5] })),
      model: 'up-1',
      usage: { prompt_tokens: 2, total_tokens: 2 },
    }),
  )
  upstream.on('/v1/images/generations', jsonReply({ created: 1, data: [{ b64_json: png.toString('base64') }] }))
  upstream.on('/v1/audio/speech', { headers: { 'content-type': 'audio/mpeg' }, body: Buffer.from('ID3 speech') })
  upstream.on('/v1/audio/transcriptions', jsonReply({ text: 'Hello', language: 'en', duration: 1.5 }))
  upstream.on('/v1/chat/completions', chatStream({ text: ' world' }))
}

test("the AI SDK's openai provider embeds, draws, speaks and listens", async () => {
  await using rig = await startEndpoints()
  answerAll(rig)
  const openai = createOpenAI({ apiKey: '-', baseURL: `${rig.server.url}/v1` })
  const { embeddings, usage } = await embedMany({ model: openai.embedding('m'), values: ['a', 'b'], maxRetries: 0 })
  expect([embeddings, usage.tokens]).toEqual([
    [
      [0, 0.5],
      [1, 0.5],
    ],
    2,
  ])
  const { image } = await generateImage({ model: openai.image('m'), prompt: 'a cat', maxRetries: 0 })
  expect(Buffer.from(image.uint8Array)).toEqual(png)
  const { audio } = await generateSpeech({ model: openai.speech('m'), text: 'Hi', voice: 'alloy', maxRetries: 0 })
  expect(Buffer.from(audio.uint8Array).toString()).toBe('ID3 speech')
  const heard = await transcribe({
    model: openai.transcription('m'),
    audio: Buffer.from('RIFF....WAVE'),
    maxRetries: 0,
  })
  expect(heard.text).toBe('Hello')
})

test("the AI SDK's openai-compatible provider completes and embeds", async () => {
  await using rig = await startEndpoints({ endpoints: ['embeddings'] })
  answerAll(rig)
  const provider = createOpenAICompatible({ name: 'dragoman', baseURL: `${rig.server.url}/v1` })
  const { text } = await generateText({ model: provider.completionModel('m'), prompt: 'Hello', maxRetries: 0 })
  expect(text).toBe(' world')
  const { embeddings } = await embedMany({ model: provider.embeddingModel('m'), values: ['a'], maxRetries: 0 })
  expect(embeddings).toEqual([[0, 0.5]])
})

test('LangChain embeds, and completes as a stream and whole', async () => {
  await using rig = await startEndpoints({ endpoints: ['embeddings'] })
  answerAll(rig)
  const common = { apiKey: '-', model: 'm', maxRetries: 0, configuration: { baseURL: `${rig.server.url}/v1` } }
  expect(await new OpenAIEmbeddings(common).embedDocuments(['a', 'b'])).toEqual([
    [0, 0.5],
    [1, 0.5],
  ])
  const model = new LangChainCompletion(common)
  expect(await model.invoke('Hello')).toBe(' world')
  let streamed = ''
  for await (const piece of await model.stream('Hello')) streamed += piece
  expect(streamed).toBe(' world')
})
