import { isRecord } from '@dragoman/core'
import type { Annotation, Delta } from '@dragoman/openai-schema'
import { type Fields, fieldsOf, textIn } from '../fields.ts'

/** Reads the messages of one answer. */
export class AnswerReader {
  /** Of the conversation that the site began for it. */
  chatId: string | undefined
  /** The site said that it is whole. */
  isComplete = false
  readonly #seen = new Set<number>()
  /** What each block holds now, by its id and field. */
  readonly #texts = new Map<string, string>()
  /** Ids of messages that are not the assistant's. */
  readonly #foreign = new Set<string>()
  readonly #sources = new Set<string>()

  /** What a message adds to the answer. */
  read(json: Fields): readonly Delta[] {
    const { eventOffset: offset, op } = json
    // Sent again after a hitch on their side.
    if (typeof offset === 'number') {
      if (this.#seen.has(offset)) return []
      this.#seen.add(offset)
    }
    this.chatId ??= textIn(fieldsOf(json.chat).id)
    if ('done' in json) this.isComplete = true
    const message = isRecord(json.message) ? this.#message(json.message) : []
    return isRecord(json.block) ? [...message, ...this.#block(json.block, op === 'append')] : message
  }

  #message({ id, role, status, refs }: Fields): readonly Delta[] {
    if (role !== undefined && role !== 'assistant') {
      // Its own status says nothing about the answer.
      if (typeof id === 'string') this.#foreign.add(id)
      return []
    }
    if (typeof id === 'string' && this.#foreign.has(id)) return []
    if (status === 'MESSAGE_STATUS_COMPLETED') this.isComplete = true
    const annotations = this.#citations(fieldsOf(refs).searchChunks)
    return annotations.length > 0 ? [{ annotations }] : []
  }

  #block(block: Fields, isAppended: boolean): readonly Delta[] {
    const parent = textIn(block.parentId)
    const id = textIn(block.id) ?? ''
    if (parent !== undefined && this.#foreign.has(parent)) this.#foreign.add(id)
    if (this.#foreign.has(id)) return []
    const deltas: Delta[] = []
    const thought = this.#grown(`${id}.think`, fieldsOf(block.think).content, isAppended)
    if (thought) deltas.push({ reasoning_content: thought })
    const text = this.#grown(`${id}.text`, fieldsOf(block.text).content, isAppended)
    if (text) deltas.push({ content: text })
    // Tools are the site's own, and stay there.
    return deltas
  }

  /** What is new. A block that is set again to something that does not go on from what it was cannot be taken back. */
  #grown(key: string, content: unknown, isAppended: boolean): string {
    if (typeof content !== 'string') return ''
    const before = this.#texts.get(key) ?? ''
    if (isAppended) {
      this.#texts.set(key, before + content)
      return content
    }
    this.#texts.set(key, content)
    return content.startsWith(before) ? content.slice(before.length) : ''
  }

  #citations(chunks: unknown): Annotation[] {
    return (Array.isArray(chunks) ? chunks : []).flatMap((chunk): Annotation[] => {
      const { title, url } = fieldsOf(fieldsOf(chunk).base)
      if (typeof url !== 'string' || this.#sources.has(url)) return []
      this.#sources.add(url)
      const url_citation = { url, title: textIn(title) ?? url, start_index: 0, end_index: 0 }
      return [{ type: 'url_citation', url_citation }]
    })
  }
}
