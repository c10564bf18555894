const opener = '<details'
const closer = '</details>'
const answer = '<answer>'
const summary = '<summary>'
const summaryEnd = '</summary>'
const endOfReasoning = '</think>'

/** More than this before the reasoning begins is no wrapper of reasoning. In characters. */
const longestHead = 4096

/**
 * Rewrites what stands in place of `<think>` at the beginning of an answer, in pieces of any size:
 *
 * - Open WebUI's `<details type="reasoning" …><summary>…</summary>` with its quoted lines becomes reasoning that ends with
 *   `</think>`;
 * - an answer that begins with `<answer>` had no reasoning, and gets the `</think>` that says so.
 *
 * What comes out only grows with what goes in: a tag that is not whole yet is held.
 */
export class DetailsTags {
  #place: 'start' | 'head' | 'body' | 'plain' = 'start'
  #held = ''
  #isLineStart = true

  push(text: string): string {
    if (this.#place === 'plain') return text
    this.#held += text
    if (this.#place === 'start') this.#readStart()
    return this.#read()
  }

  /** What was held when the text ended; what is left of a tag says nothing. */
  end(): string {
    return this.#place === 'head' ? '' : this.#release()
  }

  #read(): string {
    if (this.#place === 'head') this.#readHead()
    switch (this.#place) {
      case 'body':
        return this.#readBody()
      case 'plain':
        return this.#release()
      default:
        return ''
    }
  }

  #readStart(): void {
    const lead = this.#held.trimStart()
    if (lead.startsWith(opener)) this.#place = 'head'
    else if (lead.startsWith(answer)) {
      this.#held = endOfReasoning + lead
      this.#place = 'plain'
    } else if (!opener.startsWith(lead) && !answer.startsWith(lead)) this.#place = 'plain'
  }

  #readHead(): void {
    const lead = this.#held.trimStart()
    const tagEnd = lead.indexOf('>')
    const isOther = tagEnd >= 0 && !/\stype=["']?reasoning\b/.test(lead.slice(0, tagEnd))
    if (isOther || lead.length > longestHead) {
      this.#place = 'plain'
      return
    }
    if (tagEnd < 0) return
    const body = lead.slice(tagEnd + 1).trimStart()
    if (summary.startsWith(body)) return
    const summaryAt = body.startsWith(summary) ? body.indexOf(summaryEnd) : undefined
    if (summaryAt === -1) return
    this.#held = (summaryAt === undefined ? body : body.slice(summaryAt + summaryEnd.length)).trimStart()
    // The white space behind the summary may still come; it would be taken off by whoever reads the reasoning.
    this.#place = 'body'
  }

  #readBody(): string {
    let read = ''
    while (this.#held !== '') {
      if (this.#isLineStart && this.#held.startsWith('>')) {
        if (this.#held.length === 1) break
        this.#held = this.#held.slice(this.#held.startsWith('> ') ? 2 : 1)
        this.#isLineStart = false
        continue
      }
      this.#isLineStart = false
      const at = this.#held.search(/[\n<]/)
      if (at !== 0) {
        read += at < 0 ? this.#held : this.#held.slice(0, at)
        this.#held = at < 0 ? '' : this.#held.slice(at)
      } else if (this.#held.startsWith(closer)) {
        this.#held = this.#held.slice(closer.length)
        this.#place = 'plain'
        return read + endOfReasoning + this.#release()
      } else if (closer.startsWith(this.#held)) break
      else {
        this.#isLineStart = this.#held.startsWith('\n')
        read += this.#held.slice(0, 1)
        this.#held = this.#held.slice(1)
      }
    }
    return read
  }

  #release(): string {
    const held = this.#held
    this.#held = ''
    return held
  }
}
