import type { Call, Endpoint, EndpointAnswer, EndpointRequest, ProviderEnvironment } from '@dragoman/core'
import { DragomanError, systemClock } from '@dragoman/core'
import {
  createHttpClient,
  type HttpResponse,
  type ImageRequest,
  imageAnswer,
  mapErrorResponse,
  pause,
  readImageRequest,
  readJson,
} from '@dragoman/upstream'
import { mapErrorIn } from './map-error.ts'

const provider = 'Qwen'

/** What Model Studio has beside the part that is like OpenAI: pictures, in a form of its own. */
export const imageEndpoints = ['images/generations', 'images/edits'] as const satisfies readonly Endpoint[]

/** Of Model Studio's documentation, November 2026. */
export const imageModels: readonly string[] = ['qwen-image', 'qwen-image-plus', 'qwen-image-max', 'qwen-image-edit']

export interface ImagePlane {
  serve(request: EndpointRequest, call: Call): Promise<EndpointAnswer>
  close(): Promise<void>
}

/** Between two looks at a job. */
const pollMs = 2_000
const longestJobMs = 300_000

/**
 * Alibaba Cloud Model Studio, "Qwen - text-to-image API reference" and "Wan - text-to-image": Qwen's models answer at
 * once, Wan's are given a job and asked for its end.
 *
 * @param baseUrl of the OpenAI-compatible part, which is on the same host
 */
export function createImagePlane(
  baseUrl: string,
  region: string,
  { clock = systemClock, proxy, mediaFrom }: ProviderEnvironment = {},
): ImagePlane {
  const http = createHttpClient({ provider, baseUrl: `${new URL(baseUrl).origin}/api/v1`, clock, proxy })

  return {
    async serve({ endpoint, model: name, body }, call) {
      const model = modelOf(name)
      const isJob = /^wanx?[\d.]*-t2i/.test(model)
      const request = await readImageRequest(body, { provider, mostImages: isJob ? 4 : 6 })
      if (endpoint === 'images/edits' && request.images.length === 0) {
        const message = 'image: required; expected a picture to edit'
        throw new DragomanError('invalid_request', message, {
          param: 'image',
          publicCode: 'missing_required_parameter',
        })
      }
      const urls = isJob ? await byJob(model, request, call) : await atOnce(model, request, call)
      const { response_format: format } = request.fields
      return imageAnswer(urls, { format, provider, now: clock.now(), signal: call.signal, allow: mediaFrom })
    },
    close: () => http.close(),
  }

  function post(path: string, body: object, call: Call, headers: Readonly<Record<string, string>> = {}) {
    const key = call.credential.values.apiKey?.reveal() ?? ''
    return http.post(path, {
      body,
      call,
      headers: { authorization: `Bearer ${key}`, ...headers },
      mapError: (response) => {
        const context = { provider, secrets: [key], now: clock.now() }
        return mapErrorIn(region)(response, mapErrorResponse(response, context))
      },
    })
  }

  async function atOnce(model: string, { prompt, n, fields, images }: ImageRequest, call: Call): Promise<string[]> {
    const content = [...images.map((image) => ({ image })), { text: prompt }]
    const input = { messages: [{ role: 'user', content }] }
    const body = { model, input, parameters: parametersOf(fields, n) }
    const answer = outputOf(await readJson(await post('/services/aigc/multimodal-generation/generation', body, call)))
    return listOf(answer.choices).flatMap(({ message }) =>
      listOf(recordOf(message).content).flatMap(({ image }) => (typeof image === 'string' ? [image] : [])),
    )
  }

  async function byJob(model: string, { prompt, n, fields, images }: ImageRequest, call: Call): Promise<string[]> {
    if (images.length > 0) {
      throw new DragomanError('unsupported_value', `${provider}: ${model} edits no pictures`, { param: 'model' })
    }
    const { negative_prompt, ...parameters } = parametersOf(fields, n)
    const body = { model, input: { prompt, ...(negative_prompt ? { negative_prompt } : {}) }, parameters }
    const begun = await post('/services/aigc/text2image/image-synthesis', body, call, { 'x-dashscope-async': 'enable' })
    const { task_id } = outputOf(await readJson(begun))
    if (typeof task_id !== 'string' || task_id === '') throw protocolError('began a job without an id')
    const from = clock.elapsed()
    const longest = call.limits?.wholeHeadersMs ?? longestJobMs
    const authorization = { authorization: `Bearer ${call.credential.values.apiKey?.reveal() ?? ''}` }
    for (;;) {
      const response = await http.get(`/tasks/${encodeURIComponent(task_id)}`, { call, headers: authorization })
      const output = outputOf(await readJson(response))
      if (output.task_status === 'SUCCEEDED') return resultsOf(output, response)
      if (output.task_status !== 'PENDING' && output.task_status !== 'RUNNING') throw jobError(output, response)
      if (clock.elapsed() - from + pollMs > longest) {
        const message = `${provider}: the picture was not ready after ${Math.round(longest / 1000)} s`
        throw new DragomanError('upstream_timeout', message, { origin: 'upstream' })
      }
      await pause(pollMs, clock, call.signal)
    }
  }
}

/** Names of the founding system, by their model for chats. */
function modelOf(name: string): string {
  const [, size, kind] = /^qwen-(max|plus|turbo|long)-image(-edit)?$/.exec(name) ?? []
  if (size === undefined) return name
  if (kind !== undefined) return 'qwen-image-edit'
  return size === 'max' || size === 'plus' ? `qwen-image-${size}` : 'qwen-image'
}

/** What is called the same there goes on; a size is written with another sign. */
function parametersOf({ size, negative_prompt, seed, watermark, prompt_extend }: Fields, n: number): Fields {
  const given = { negative_prompt, seed, watermark, prompt_extend }
  return {
    n,
    ...(typeof size === 'string' && size !== '' && size !== 'auto' && { size: size.replace('x', '*') }),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null)),
  }
}

/** Some of a job's pictures may have failed, which is not told as long as there is one. */
function resultsOf(output: Fields, response: HttpResponse): string[] {
  const results = listOf(output.results)
  const urls = results.flatMap(({ url }) => (typeof url === 'string' ? [url] : []))
  if (urls.length === 0) throw jobError(results[0] ?? {}, response)
  return urls
}

function jobError({ code, message }: Fields, response: HttpResponse): DragomanError {
  const { origin, message: said } = response.errorFrom({ error: { code, message } })
  const kind = /DataInspection/i.test(String(code)) ? 'content_filter' : 'upstream_unavailable'
  return new DragomanError(/^InvalidParameter/.test(String(code)) ? 'invalid_request' : kind, said, { origin })
}

function protocolError(what: string): DragomanError {
  return new DragomanError('upstream_protocol', `${provider} ${what}`, { origin: 'upstream' })
}

type Fields = Readonly<Record<string, unknown>>

function outputOf(json: unknown): Fields {
  return recordOf(recordOf(json).output)
}

function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(recordOf) : []
}
