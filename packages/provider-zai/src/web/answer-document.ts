import { QuotedReasoning } from './quoted-reasoning.ts'

/** What is new for the client. */
export interface NewText {
  readonly reasoning: string
  readonly answer: string
}

/**
 * One answer as the site's page keeps it: a text that grows at its end and is patched in between, with the thinking in
 * a block of its own at the top. A client only gets what is new, and nothing twice.
 */
export class AnswerDocument {
  #text = ''
  #reasoning = ''
  #answer = ''
  readonly #quoted = new QuotedReasoning()

  addReasoning(piece: string): NewText {
    this.#text += piece
    const reasoning = this.#quoted.push(piece)
    this.#reasoning += reasoning
    return { reasoning, answer: '' }
  }

  addAnswer(piece: string): NewText {
    this.#text += piece
    this.#answer += piece
    return { reasoning: '', answer: piece }
  }

  /** Everything from `index` on is `piece` now. What the client has already cannot be taken back. */
  patch(piece: string, index: number | undefined): NewText {
    const repeatsThinking = piece.includes('</details>')
    const at = index ?? (repeatsThinking ? 0 : this.#text.length)
    this.#text = this.#text.slice(0, at) + piece
    const now = readDocument(this.#text, repeatsThinking)
    const news = { reasoning: grown(this.#reasoning, now.reasoning), answer: grown(this.#answer, now.answer) }
    this.#reasoning = now.reasoning
    this.#answer = now.answer
    return news
  }
}

/** What came behind; nothing where the text is another one. */
function grown(before: string, now: string): string {
  return now.startsWith(before) ? now.slice(before.length) : ''
}

// The first block is one of thinking whatever its marks; further ones are told from the model's own by theirs.
const firstBlock = /^\s*<details\b[^>]*>/
const laterBlock = /<details\b[^>]*\btype="reasoning"[^>]*>/
// Quoted lines begin with a mark, so a model that thinks about this tag does not end its thinking.
const endOfBlock = /(?:^|\n)<\/details>\n?/
/** The site's own tools. */
const toolBlock = /<glm_block\b[^>]*>[\s\S]*?(?:<\/glm_block>|$)/g

function readDocument(text: string, hasEnd: boolean): { readonly reasoning: string; readonly answer: string } {
  const blocks: string[] = []
  let answer = ''
  let rest = text
  for (;;) {
    const opener = (blocks.length === 0 && firstBlock.exec(rest)) || laterBlock.exec(rest)
    if (!opener) break
    answer += rest.slice(0, opener.index)
    const block = rest.slice(opener.index)
    const end = endOfBlock.exec(block)
    blocks.push(end ? block.slice(0, end.index) : block)
    rest = end ? block.slice(end.index + end[0].length) : ''
  }
  // A patch from within a block whose beginning never came.
  if (blocks.length === 0 && hasEnd) rest = rest.slice(rest.lastIndexOf('</details>') + 10).replace(/^\n/, '')
  answer = (answer + rest).replace(toolBlock, '')
  return { reasoning: new QuotedReasoning().push(blocks.map((block) => `${block}\n`).join('')), answer }
}
