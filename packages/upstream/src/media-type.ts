import { isUtf8 } from 'node:buffer'

/** Types by the extension of a file name; the first extension of a type is the one that is given to it. */
const extensions: readonly (readonly [string, string])[] = [
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ['svg', 'image/svg+xml'],
  ['pdf', 'application/pdf'],
  ['wav', 'audio/wav'],
  ['mp3', 'audio/mpeg'],
  ['mp4', 'video/mp4'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['html', 'text/html'],
  ['csv', 'text/csv'],
  ['json', 'application/json'],
  ['xml', 'application/xml'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
]

const typeByExtension: ReadonlyMap<string, string> = new Map(extensions)
const extensionByType: ReadonlyMap<string, string> = new Map(
  extensions.map(([ext, type]) => [type, ext] as const).reverse(),
)

const UNKNOWN = 'application/octet-stream'

/**
 * The media type of a file: what its bytes show, else what its server declared, else what its name says. A declaration
 * that the bytes contradict is not believed. Without parameters, in lower case.
 */
export function mediaType(bytes: Uint8Array, declared: string | undefined, name: string): string {
  const known = signature(bytes)
  if (known) return known
  const given = (declared ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const claimed =
    /^[\w.+-]+\/[\w.+-]+$/.test(given) && given !== UNKNOWN ? given : typeByExtension.get(extensionOf(name))
  if (isText(bytes)) {
    const text = textType(bytes)
    return text === 'text/plain' && claimed !== undefined && isTextType(claimed) ? claimed : text
  }
  return claimed === undefined || hasSignature.has(claimed) ? UNKNOWN : claimed
}

/** A name for the file at this path: characters that are safe anywhere, and an extension that fits the type. */
export function mediaName(path: string, type: string): string {
  const last = path.slice(path.lastIndexOf('/') + 1)
  const safe = [...decoded(last).replace(/[^\p{L}\p{N}._-]+/gu, '_')].slice(-MAX_NAME).join('')
  const name = safe.replace(/^[._-]+|[._-]+$/g, '') || 'file'
  const extension = extensionByType.get(type)
  const own = extensionOf(name)
  // Sources have an extension of their own, and are text all the same.
  if (own !== '' && (extension === undefined || type === 'text/plain' || typeByExtension.get(own) === type)) return name
  return `${name}.${extension ?? 'bin'}`
}

const MAX_NAME = 80

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a stray percent sign, which is replaced like all that is not safe
  }
}

function extensionOf(name: string): string {
  return /\.([a-z\d]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? ''
}

/** Types that `signature` would have found. */
const hasSignature: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'application/pdf',
  'audio/wav',
])

function signature(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (/^GIF8[79]a/.test(head)) return 'image/gif'
  if (/^RIFF.{4}WEBP/s.test(head)) return 'image/webp'
  if (/^RIFF.{4}WAVE/s.test(head)) return 'audio/wav'
  if (head.startsWith('%PDF-')) return 'application/pdf'
  if (head.startsWith('ID3') || isMpegAudio(bytes)) return 'audio/mpeg'
  if (/^.{4}ftyp/s.test(head)) return isoMediaType(head.slice(8, 12))
  return undefined
}

/** The header of a frame of layer III: sync, a version, a bit rate and a sample rate that exist. */
function isMpegAudio([first = 0, second = 0, third = 0]: Uint8Array): boolean {
  const isLayer3 = first === 0xff && (second & 0xe6) === 0xe2 && (second & 0x18) !== 0x08
  return isLayer3 && third >> 4 !== 0x0f && third >> 4 !== 0 && (third & 0x0c) !== 0x0c
}

function isoMediaType(brand: string): string {
  if (brand.startsWith('M4A')) return 'audio/mp4'
  if (brand === 'avif' || brand === 'avis') return 'image/avif'
  if (brand === 'heic' || brand === 'heix' || brand === 'mif1') return 'image/heic'
  return brand === 'qt  ' ? 'video/quicktime' : 'video/mp4'
}

function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !bytes.includes(0)
}

function isTextType(type: string): boolean {
  return /^text\/|[/+](json|xml|yaml|x-yaml|javascript|ecmascript|x-ndjson|toml|sql|graphql|x-sh)$/.test(type)
}

function textType(bytes: Uint8Array): 'image/svg+xml' | 'text/html' | 'text/plain' {
  const head = Buffer.from(bytes.subarray(0, 4096))
    .toString()
    .replace(/^\ufeff/, '')
  if (/^(\s|<\?xml[^>]*>|<!doctype svg[^>]*>|<!--((?!-->).)*-->)*<svg[\s>]/is.test(head)) return 'image/svg+xml'
  return /^(\s|<!--((?!-->).)*-->)*<(!doctype html|html)[\s>]/is.test(head) ? 'text/html' : 'text/plain'
}
