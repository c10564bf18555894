import type { EndpointBody } from '@dragoman/core'
import { type ImageRequest, readImageRequest } from '@dragoman/upstream'

/** Of Z.AI's documentation, November 2026. */
export const imageModels: readonly string[] = ['glm-image', 'cogview-4-250304']

/** Z.AI API reference, "Generate Image": one picture, by these fields. */
export async function encodeImageRequest(model: string, body: EndpointBody, provider: string) {
  const request = await readImageRequest(body, { provider, mostImages: 1 })
  const { size, quality, user } = request.fields
  return {
    request,
    body: {
      model,
      prompt: request.prompt,
      ...(typeof size === 'string' && size !== 'auto' && { size: size.replace('*', 'x') }),
      ...(typeof quality === 'string' && qualities[quality] && { quality: qualities[quality] }),
      ...(typeof user === 'string' && { user_id: user }),
    },
  } satisfies { request: ImageRequest; body: object }
}

const qualities: Readonly<Record<string, 'hd' | 'standard'>> = {
  hd: 'hd',
  high: 'hd',
  medium: 'standard',
  low: 'standard',
  standard: 'standard',
}

/** `{ data: [{ url }] }` -> the addresses. */
export function imagesIn(answer: unknown): string[] {
  const data = typeof answer === 'object' && answer !== null && 'data' in answer ? answer.data : undefined
  if (!Array.isArray(data)) return []
  return data.flatMap((each: unknown) => {
    const url = typeof each === 'object' && each !== null && 'url' in each ? each.url : undefined
    return typeof url === 'string' && url !== '' ? [url] : []
  })
}
