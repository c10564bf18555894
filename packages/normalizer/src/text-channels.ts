import { CodeSpans } from './code-spans.ts'
import type { EventQueue } from './event-queue.ts'
import { isSpace } from './markup-lexer.ts'

/** So much of the head of a message waits for a closer that would make it reasoning. In characters. */
const MAX_HEAD = 4096

/**
 * Takes the text between markup and gives it to content or reasoning, less the white space that belongs to markup.
 *
 * White space is held until what follows it decides: text keeps it, markup at the edge of a channel takes it along.
 */
export class TextChannels {
  readonly #content: Channel
  readonly #reasoning: Channel
  readonly #maxHeld: number
  #current: Channel
  /** The head of a message that may have begun inside reasoning; undefined once that is decided. */
  #head: string[] | undefined
  #headLength = 0
  /** What would end the message, if nothing visible followed: end tokens, the closer of a wrapper, white space. */
  #tail = ''
  #isTailOfWrappers = true
  #hasWrapperInTail = false
  /** Only white space since the last line break or markup. */
  #isLineStart = true
  #isStart = true
  /** Reasoning was ended by a call: its own closer may still come. */
  #awaitsCloser = false

  constructor(events: EventQueue, startsIn: 'text' | 'reasoning' | 'auto', maxHeld: number) {
    this.#content = new Channel('content', events, maxHeld)
    this.#reasoning = new Channel('reasoning', events, maxHeld)
    this.#maxHeld = maxHeld
    this.#current = this.#content
    if (startsIn === 'auto') this.#head = []
    if (startsIn === 'reasoning') {
      this.#current = this.#reasoning
      this.#reasoning.meetMarkup()
    }
  }

  get channel(): 'content' | 'reasoning' {
    return this.#current.type
  }

  /** It is not decided yet where the message began. */
  get isOpen(): boolean {
    return this.#head !== undefined
  }

  get isLineStart(): boolean {
    return this.#isLineStart
  }

  /** Nothing came yet but white space and noise. */
  get isStart(): boolean {
    return this.#isStart
  }

  /** Nothing visible came yet in the channel (in this block, of reasoning). */
  get isBlank(): boolean {
    return this.#head ? this.#isStart : this.#current.isBlank && this.#tail === ''
  }

  /** A closer of reasoning has no opener but is no text either. */
  get canDropCloser(): boolean {
    return this.#awaitsCloser || this.isBlank
  }

  isInCode(next: string): boolean {
    return this.#current.code.isOpen(next)
  }

  write(text: string): void {
    this.#current.code.read(text, this.#isLineStart)
    const end = endOfVisible(text)
    if (end > 0) this.#isStart = false
    if (end < text.length) this.#isLineStart = (end === 0 && this.#isLineStart) || text.includes('\n', end)
    else this.#isLineStart = false
    if (this.#head) this.#writeHead(this.#head, text)
    else this.#write(text, end)
  }

  /** Noise, of which nothing stays. */
  dropNoise(): void {
    if (this.isBlank) {
      if (this.#head) this.#head = []
      this.#headLength = 0
    } else if (this.#head || this.channel === 'reasoning') return
    this.#current.meetMarkup()
  }

  /** An end token or the closer of a wrapper: markup only if nothing visible follows. */
  writeTail(text: string, isWrapper: boolean): void {
    this.#settle()
    // Of several closers of a wrapper only the last one is its own.
    if (isWrapper && this.#hasWrapperInTail) this.#writeOutTail()
    if (this.#tail === '') this.#isTailOfWrappers = true
    this.#isTailOfWrappers &&= isWrapper
    this.#hasWrapperInTail ||= isWrapper
    this.#tail += text
  }

  /** A block of content begins here, apart from what came before it. */
  beginContent(): void {
    this.toContent(false)
    this.#content.begin()
  }

  /** Markup of the content was recognised here; reasoning has ended. */
  toContent(awaitsCloser: boolean): void {
    this.#settle()
    this.#meetMarkup()
    if (this.#current === this.#reasoning) {
      this.#current = this.#content
      this.#content.meetMarkup()
      this.#awaitsCloser = awaitsCloser
    }
  }

  /** A block of reasoning begins here. */
  toReasoning(): void {
    this.#settle()
    this.#meetMarkup()
    this.#current = this.#reasoning
    this.#awaitsCloser = false
    this.#reasoning.begin()
  }

  /** A closer without opener: in the open head it makes reasoning of what came before it. */
  closeReasoning(): void {
    if (this.#head) {
      const text = this.#head.join('')
      this.#head = undefined
      this.#current = this.#reasoning
      this.#reasoning.meetMarkup()
      this.#content.code = new CodeSpans()
      if (text !== '') this.#write(text, endOfVisible(text))
    }
    this.toContent(false)
    this.#awaitsCloser = false
  }

  finish(): void {
    this.#settle()
    if (this.#tail !== '') this.#current.meetMarkup()
    this.#clearTail()
    this.#current.finish()
  }

  /** The head is content, if it was open. */
  #settle(): void {
    if (!this.#head) return
    const text = this.#head.join('')
    this.#head = undefined
    if (text !== '') this.#write(text, endOfVisible(text))
  }

  #meetMarkup(): void {
    // The closer of a wrapper before a call is markup as well; an end token that did not end the message is text.
    if (this.#isTailOfWrappers) this.#clearTail()
    else this.#writeOutTail()
    this.#current.meetMarkup()
    this.#isStart = false
    this.#isLineStart = true
  }

  #writeHead(head: string[], text: string): void {
    head.push(text)
    this.#headLength += text.length
    if (this.#headLength > MAX_HEAD) this.#settle()
  }

  #write(text: string, end: number): void {
    if (this.#tail === '') {
      this.#current.write(text, end)
      return
    }
    this.#tail += text
    if (end > 0 || this.#tail.length > this.#maxHeld) this.#writeOutTail()
  }

  /** What was held as the end was not the end. */
  #writeOutTail(): void {
    const tail = this.#tail
    this.#clearTail()
    if (tail !== '') this.#current.write(tail, endOfVisible(tail))
  }

  #clearTail(): void {
    this.#tail = ''
    this.#hasWrapperInTail = false
  }
}

class Channel {
  readonly type: 'content' | 'reasoning'
  readonly #events: EventQueue
  readonly #maxHeld: number
  code = new CodeSpans()
  /** White space since the last visible text or markup. */
  #space = ''
  /** What separates the last visible text from the next, if any comes: the white space before markup. */
  #kept = ''
  #hasText = false
  /** Markup has come since the last visible text. */
  #isAtMarkup = false
  #isBlockStart = false
  /** A run of white space passed the bound, and is written as it comes. */
  #spills = false

  constructor(type: 'content' | 'reasoning', events: EventQueue, maxHeld: number) {
    this.type = type
    this.#events = events
    this.#maxHeld = maxHeld
  }

  get isBlank(): boolean {
    return this.type === 'reasoning' ? this.#isAtMarkup : !this.#hasText
  }

  /** White space that comes now belongs to the markup before it. */
  get #isAtEdge(): boolean {
    return this.type === 'reasoning' || this.#isBlockStart || !this.#hasText
  }

  /** `end` is where the white space at the end of the text begins. */
  write(text: string, end: number): void {
    if (end === 0) {
      this.#writeSpace(text)
      return
    }
    this.#spills = false
    if (this.#isAtMarkup) {
      this.#isAtMarkup = false
      const isEdge = this.#isAtEdge
      this.#isBlockStart = false
      let begin = 0
      if (isEdge) while (isSpace(text.charCodeAt(begin))) begin++
      const before = isEdge ? this.#kept : this.#kept + this.#space
      this.#events.text(this.type, before + text.slice(begin, end))
      this.#kept = ''
    } else
      this.#events.text(this.type, this.#space === '' && end === text.length ? text : this.#space + text.slice(0, end))
    this.#hasText = true
    this.#space = end === text.length ? '' : text.slice(end)
    if (this.#space.length > this.#maxHeld) this.#writeSpace('')
  }

  meetMarkup(): void {
    this.#spills = false
    if (!this.#isAtMarkup && this.#hasText) this.#kept = this.#space
    this.#space = ''
    this.#isAtMarkup = true
  }

  /** A new block, apart from the one before it. */
  begin(): void {
    this.meetMarkup()
    this.#kept = this.#hasText ? '\n' : ''
    this.#isBlockStart = true
    this.code = new CodeSpans()
  }

  finish(): void {
    if (!this.#isAtMarkup && this.#space !== '') this.#events.text(this.type, this.#space)
    this.#space = ''
  }

  #writeSpace(text: string): void {
    if (this.#isAtMarkup && this.#isAtEdge) return
    this.#space += text
    if (!this.#spills && this.#space.length <= this.#maxHeld) return
    this.#spills = true
    this.#events.text(this.type, this.#kept + this.#space)
    this.#kept = ''
    this.#space = ''
    this.#isAtMarkup = false
    this.#hasText = true
  }
}

function endOfVisible(text: string): number {
  let end = text.length
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--
  return end
}
