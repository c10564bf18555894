const byEnding: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  htm: 'text/html',
  html: 'text/html',
  json: 'application/json',
  jsonl: 'application/jsonl',
  md: 'text/markdown',
  mp3: 'audio/mpeg',
  txt: 'text/plain',
  wav: 'audio/wav',
}

const beginnings: readonly (readonly [type: string, at: number, text: string])[] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF8'],
  ['image/webp', 8, 'WEBP'],
  ['application/pdf', 0, '%PDF-'],
]

const unknown = 'application/octet-stream'

/** What a file is: by its first bytes, else as was said, else by its name. */
export function mediaTypeOf(bytes: Uint8Array, filename: string, said: string | undefined): string {
  const beginning = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 16)).toString('latin1')
  const found = beginnings.find(([, at, text]) => beginning.startsWith(text, at))
  if (found) return found[0]
  const type = said?.toLowerCase() ?? unknown
  // It says that it is a picture or a PDF, and is none.
  if (type !== unknown && /^[\w.+-]+\/[\w.+-]+$/.test(type) && !beginnings.some(([known]) => known === type))
    return type
  return byEnding[/\.(\w+)$/.exec(filename)?.[1]?.toLowerCase() ?? ''] ?? unknown
}
