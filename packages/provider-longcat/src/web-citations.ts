import type { UrlCitation } from '@dragoman/openai-schema'
import { fieldsOf } from './fields-of.ts'

/** The pages of a search: a list, also as its JSON. Text, and results without an address, cite nothing. */
export function citationsIn(content: unknown): UrlCitation[] {
  const list = typeof content === 'string' ? listIn(content) : content
  if (!Array.isArray(list)) return []
  return list.flatMap((result): UrlCitation[] => {
    const { url, title } = fieldsOf(result)
    if (typeof url !== 'string' || !/^https?:/i.test(url)) return []
    const shown = typeof title === 'string' && title !== '' ? title : url
    return [{ type: 'url_citation', url_citation: { url, title: shown, start_index: 0, end_index: 0 } }]
  })
}

function listIn(text: string): unknown {
  if (!text.trimStart().startsWith('[')) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined // words about a search, then
  }
}
