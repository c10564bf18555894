import { type Dialect, DragomanError } from '@dragoman/core'

export interface LoadedFile {
  readonly filename: string
  readonly type: string
  readonly bytes: Buffer
}

/** A file of the client that asks; undefined for one that is not there. */
export type LoadFile = (id: string) => Promise<LoadedFile | undefined>

type Fields = Readonly<Record<string, unknown>>

/**
 * A request whose parts name files by their ids, with the files in those parts instead: no upstream knows our ids. The
 * same value where there is none. Throws `invalid_request`, which names the part, for an id that is not known.
 */
export function inlineFiles(body: unknown, dialect: Dialect, load: LoadFile): Promise<unknown> {
  switch (dialect) {
    case 'openai-chat':
      return changed(body, 'messages', (part, path) => chatPart(part, path, load))
    case 'openai-responses':
      return changed(body, 'input', (part, path) => responsesPart(part, path, load))
    case 'anthropic-messages':
      return changed(body, 'messages', (part, path) => messagesBlock(part, path, load))
  }
}

type Change = (part: Fields, path: string) => Promise<Fields>

/** What holds parts: the content of a message, the output of a call. */
const holders = ['content', 'output']

async function changed(body: unknown, list: string, change: Change): Promise<unknown> {
  if (!isRecord(body) || !Array.isArray(body[list])) return body
  const items = await mapped(body[list], list, (item, path) => withParts(item, path, change))
  return items === body[list] ? body : { ...body, [list]: items }
}

async function withParts(item: Fields, path: string, change: Change): Promise<Fields> {
  let result = item
  for (const holder of holders) {
    const parts = item[holder]
    if (!Array.isArray(parts)) continue
    const made = await mapped(parts, `${path}.${holder}`, change)
    if (made !== parts) result = { ...result, [holder]: made }
  }
  return result
}

/** The same list where nothing in it is another. */
async function mapped(items: readonly unknown[], path: string, change: Change): Promise<readonly unknown[]> {
  let made: unknown[] | undefined
  for (const [i, item] of items.entries()) {
    if (!isRecord(item)) continue
    const other = await change(item, `${path}[${i}]`)
    if (other === item) continue
    made ??= [...items]
    made[i] = other
  }
  return made ?? items
}

async function chatPart(part: Fields, path: string, load: LoadFile): Promise<Fields> {
  if (part.type !== 'file' || !isRecord(part.file) || typeof part.file.file_id !== 'string') return part
  const { file_id, ...rest } = part.file
  const { filename, type, bytes } = await found(part.file.file_id, `${path}.file.file_id`, load)
  const url = dataUrl(type, bytes)
  if (isImage(type)) return { type: 'image_url', image_url: { url } }
  return { ...part, file: { filename, ...rest, file_data: url } }
}

async function responsesPart(part: Fields, path: string, load: LoadFile): Promise<Fields> {
  const { file_id, ...rest } = part
  if (typeof file_id !== 'string' || (part.type !== 'input_file' && part.type !== 'input_image')) return part
  const { filename, type, bytes } = await found(file_id, `${path}.file_id`, load)
  const url = dataUrl(type, bytes)
  if (isImage(type)) return { ...rest, type: 'input_image', image_url: url }
  if (part.type === 'input_image') throw refused(`${path}.file_id`, `the file is no picture, but ${type}`)
  return { filename, ...rest, file_data: url }
}

async function messagesBlock(block: Fields, path: string, load: LoadFile): Promise<Fields> {
  if (block.type === 'tool_result') return withParts(block, path, (inner, at) => messagesBlock(inner, at, load))
  const { source } = block
  if (!isRecord(source) || source.type !== 'file' || typeof source.file_id !== 'string') return block
  const at = `${path}.source.file_id`
  const { type, bytes } = await found(source.file_id, at, load)
  const base64 = () => ({ type: 'base64', media_type: type, data: bytes.toString('base64') })
  if (isImage(type)) return { ...block, type: 'image', source: base64() }
  if (block.type !== 'document') throw refused(at, `the file is no picture, but ${type}`)
  if (type === 'application/pdf') return { ...block, source: base64() }
  if (!isText(type)) throw refused(at, `a document is a PDF or text, and the file is ${type}`)
  return { ...block, source: { type: 'text', media_type: 'text/plain', data: bytes.toString('utf8') } }
}

async function found(id: string, path: string, load: LoadFile): Promise<LoadedFile> {
  const file = await load(id)
  if (!file) throw refused(path, `no file ${JSON.stringify(id.slice(0, 80))} is stored here for this key`)
  return file
}

function refused(param: string, problem: string): DragomanError {
  return new DragomanError('invalid_request', `${param}: ${problem}`, { param })
}

function dataUrl(type: string, bytes: Buffer): string {
  return `data:${type};base64,${bytes.toString('base64')}`
}

function isImage(type: string): boolean {
  return type.startsWith('image/')
}

function isText(type: string): boolean {
  return type.startsWith('text/') || /\/(json|jsonl|xml)$/.test(type)
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
