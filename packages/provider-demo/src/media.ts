import type { ContentPart } from '@dragoman/openai-schema'
import { shortened } from './words.ts'

/** What to call a content part in an answer, such as `an image (image/png, 1.2 kB)`; undefined for text. */
export function nameOfPart(part: ContentPart): string | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return undefined
    case 'image_url':
      return `an image (${describeUrl(typeof part.image_url === 'string' ? part.image_url : part.image_url.url)})`
    case 'input_audio':
      return `audio (${part.input_audio.format}, ${bytesOfBase64(part.input_audio.data)})`
    case 'file': {
      const { filename, file_id: id, file_data: data } = part.file
      const name = `the file ${shortened(filename ?? id ?? 'without a name', 80)}`
      return data ? `${name} (${describeUrl(data)})` : name
    }
    default:
      return 'text' in part && typeof part.text === 'string' ? undefined : `a part of type ${shortened(part.type, 40)}`
  }
}

/** Type and size of a data URL; of any other only host and path, since queries hold signatures. */
function describeUrl(url: string): string {
  const data = /^data:([\w.+-]+\/[\w.+-]+)?[^,]{0,200},/.exec(url)
  if (data) return `${data[1] ?? 'text/plain'}, ${bytesOfBase64(url.slice(data[0].length))}`
  if (!URL.canParse(url)) return bytesOfBase64(url)
  const { host, pathname } = new URL(url)
  return shortened(`${host}${pathname}`, 100)
}

function bytesOfBase64(data: string): string {
  const padding = /={0,2}$/.exec(data.slice(-2))?.[0].length ?? 0
  const bytes = Math.floor((data.length * 3) / 4) - padding
  return bytes < 1000
    ? `${bytes} bytes`
    : bytes < 1e6
      ? `${(bytes / 1e3).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`
}
