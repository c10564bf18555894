import { isRecord } from '@dragoman/core'
import type { UrlCitation } from '@dragoman/openai-schema'

/** Results of a search as both doors give them, as annotations; what names no page is left out. */
export function citationsOf(results: unknown): UrlCitation[] {
  if (!Array.isArray(results)) return []
  return results.flatMap((result: unknown) => {
    if (!isRecord(result)) return []
    const url = [result.link, result.url].find((text) => typeof text === 'string' && text !== '')
    const title = [result.title, result.name].find((text) => typeof text === 'string')
    if (typeof url !== 'string') return []
    // Which words rest on the page is not said.
    const url_citation = { url, title: typeof title === 'string' ? title : url, start_index: 0, end_index: 0 }
    return [{ type: 'url_citation', url_citation }]
  })
}
