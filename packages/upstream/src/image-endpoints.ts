import { DragomanError, type EndpointBody } from '@dragoman/core'
import { fetchMedia } from './fetch-media.ts'

// What services need that make pictures in a form of their own and are asked in OpenAI's.

/** A request for pictures: its fields, and the pictures to begin with as data URLs or addresses. */
export interface ImageRequest {
  readonly prompt: string
  /** How many pictures. */
  readonly n: number
  readonly fields: Readonly<Record<string, unknown>>
  readonly images: readonly string[]
}

/**
 * Reads a body of `/images/generations` or `/images/edits`, whether JSON or a form. Throws a 400 for what services like
 * these have not: a stream, a mask, a transparent background, more than `mostImages`.
 */
export async function readImageRequest(
  body: EndpointBody,
  { provider, mostImages }: { readonly provider: string; readonly mostImages: number },
): Promise<ImageRequest> {
  const { fields, images } = body.kind === 'json' ? fromJson(body.json) : await fromForm(body)
  const { prompt, n, stream, background, mask } = fields
  if (typeof prompt !== 'string' || prompt === '') {
    const message = 'prompt: required; expected a description of a picture'
    throw new DragomanError('invalid_request', message, { param: 'prompt', publicCode: 'missing_required_parameter' })
  }
  const unable = (param: string, lack: string): DragomanError =>
    new DragomanError('unsupported_value', `${param}: ${provider} ${lack}`, { param })
  const count = n === undefined || n === null || n === '' ? 1 : Number(n)
  if (!Number.isInteger(count) || count < 1) throw unable('n', 'makes a whole number of pictures')
  if (count > mostImages) throw unable('n', mostImages === 1 ? 'makes one picture only' : `makes at most ${mostImages}`)
  if (stream === true || stream === 'true') throw unable('stream', 'does not stream its pictures')
  if (background === 'transparent') throw unable('background', 'makes no transparent background')
  if (mask !== undefined && mask !== null) throw unable('mask', 'takes no mask')
  return { prompt, n: count, fields, images }
}

function fromJson(json: Readonly<Record<string, unknown>>): Pick<ImageRequest, 'fields' | 'images'> {
  const { image, images, ...fields } = json
  const given = [image ?? [], images ?? []].flat()
  return { fields, images: given.map((each, i) => addressOf(each, image === undefined ? `images[${i}]` : 'image')) }
}

function addressOf(given: unknown, param: string): string {
  const value = typeof given === 'object' && given !== null && 'image_url' in given ? given.image_url : given
  const url = typeof value === 'object' && value !== null && 'url' in value ? value.url : value
  if (typeof url === 'string' && /^(https?|data):/i.test(url)) return url
  throw new DragomanError('invalid_request', `${param}: expected a data URL or an address of a picture`, { param })
}

async function fromForm(
  body: Extract<EndpointBody, { kind: 'form' }>,
): Promise<Pick<ImageRequest, 'fields' | 'images'>> {
  const pieces: Uint8Array[] = []
  for await (const piece of body.bytes()) pieces.push(piece)
  const headers = { 'content-type': body.contentType }
  const form = await new Response(Buffer.concat(pieces), { headers }).formData().catch((cause: unknown) => {
    throw new DragomanError('invalid_request', 'The body is no multipart/form-data that can be read', { cause })
  })
  const fields: Record<string, unknown> = {}
  const images: string[] = []
  for (const [name, value] of form) {
    if (!/^image(\[\d*\])?$/.test(name)) fields[name] = typeof value === 'string' ? value : value.name
    else if (typeof value !== 'string') images.push(await dataUrl(value))
    else images.push(addressOf(value, name))
  }
  return { fields, images }
}

async function dataUrl(file: Blob): Promise<string> {
  const bytes = Buffer.from(await file.arrayBuffer())
  return `data:${file.type || 'image/png'};base64,${bytes.toString('base64')}`
}

export interface ImageAnswerOptions {
  /** `response_format` of the request: `b64_json`, or addresses. */
  readonly format: unknown
  /** For messages. */
  readonly provider: string
  /** Unix milliseconds. */
  readonly now: number
  readonly signal: AbortSignal
  /** Private addresses that pictures may be fetched from. */
  readonly allow?: readonly string[] | undefined
}

/** How long a picture may take from its storage. */
const fetchMs = 60_000

/** The answer in OpenAI's form: addresses as they are, which expire, or what is behind them. */
export async function imageAnswer(
  urls: readonly string[],
  { format, provider, now, signal, allow }: ImageAnswerOptions,
): Promise<{ kind: 'json'; json: { created: number; data: ({ url: string } | { b64_json: string })[] } }> {
  if (urls.length === 0) {
    throw new DragomanError('upstream_empty', `${provider} answered without a picture`, { origin: 'upstream' })
  }
  const fetched = async (url: string) => {
    try {
      const { bytes } = await fetchMedia(url, { signal, allow, types: ['image/*'], timeoutMs: fetchMs })
      return { b64_json: Buffer.from(bytes).toString('base64') }
    } catch (cause) {
      if (signal.aborted) throw cause
      // Not the client's fault: it named no address.
      const message = `${provider} made a picture that could not be fetched from its storage`
      throw new DragomanError('upstream_unavailable', message, { origin: 'upstream', cause })
    }
  }
  const data = format === 'b64_json' ? await Promise.all(urls.map(fetched)) : urls.map((url) => ({ url }))
  return { kind: 'json', json: { created: Math.floor(now / 1000), data } }
}
