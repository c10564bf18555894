import { DragomanError } from '@dragoman/core'
import type { FilePart } from '@dragoman/openai-schema'
import { type FetchMediaOptions, fetchMedia } from '@dragoman/upstream'

/** From where files may be fetched, and until when. */
export type MediaOptions = Pick<FetchMediaOptions, 'signal' | 'allow'>

const textTypes =
  /^(text\/[\w.+-]+|image\/svg\+xml|application\/([\w.+-]+\+)?(json|xml|yaml|x-yaml|javascript|x-ndjson|toml|sql|x-sh))$/

const notText = 'reads text files only'

/** Why a file cannot be had, as far as can be told without fetching it. */
export function refusedFile({ file }: FilePart): string | undefined {
  if (!file.file_data) return file.file_id ? 'knows no ids of files: send the file itself' : notText
  const [, type] = /^\s*data:([^;,]*)/i.exec(file.file_data) ?? []
  // Without a type, or as bytes of some kind, its content tells.
  if (!type || type.toLowerCase() === 'application/octet-stream') return undefined
  return textTypes.test(type.trim().toLowerCase()) ? undefined : notText
}

/** The file as a part of the text, under its name. `param` says where the client put it. */
export async function fileText({ file }: FilePart, param: string, media: MediaOptions): Promise<string> {
  const { bytes, type, name } = await fetchMedia(file.file_data ?? '', { ...media, param: `${param}.file.file_data` })
  if (!textTypes.test(type)) {
    throw new DragomanError('unsupported_value', `K2-Think ${notText}, and this one is ${type}`, { param })
  }
  const title = JSON.stringify(file.filename || name)
  return `<file name=${title}>\n${new TextDecoder().decode(bytes)}\n</file>`
}
