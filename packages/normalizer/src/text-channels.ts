import { CodeSpans } from './code-spans.ts'
import type { EventQueue } from './event-queue.ts'
import { isSpace } from './markup-lexer.ts'

export type ChannelName = 'content' | 'reasoning'

/** So much of the head of a message waits for a closer that would make it reasoning. In characters. */
const MAX_HEAD = 4096

/**
 * Takes the text between markup and gives it to content or reasoning, less the white space that belongs to markup.
 *
 * White space is held until what follows it decides: text keeps it, markup at the edge of a channel takes it along.
 */
export class TextChannels {
  channel: ChannelName = 'content'
  /** Nothing came yet but white space and noise. */
  isStart = true
  code = new CodeSpans()
  readonly #events: EventQueue
  readonly #maxHeld: number
  #headLength = 0
  /** What would end the message, if nothing visible followed: end tokens, the closer of a wrapper, white space. */
  #tail = ''
  #isTailOfWrapper = false
  /** Reasoning was ended by a call: its own closer may still come. */
  #awaitsCloser = false
  readonly #hasText = { content: false, reasoning: false }
  /** White space since the last visible text or markup. */
  #space = ''
  /** At markup: what separates the visible text before it from the next of the channel, if any comes. */
  #separator: string | undefined
  /** White space that comes now belongs to the markup before it. */
  #dropsSpace = false
  /** A run of white space passed the bound, and is written as it comes. */
  #spills = false
  /** How the content goes on behind reasoning. */
  #left = { separator: '', dropsSpace: true }

  constructor(events: EventQueue, startsIn: 'text' | 'reasoning' | 'auto' | undefined, maxHeld: number) {
    this.#events = events
    this.#maxHeld = maxHeld
    events.isHeld = startsIn === 'auto'
    if (startsIn === 'reasoning') {
      this.channel = startsIn
      this.#dropsSpace = true
    }
  }

  /** It is not decided yet where the message began: what came is held, as content. */
  get isOpen(): boolean {
    return this.#events.isHeld
  }

  /** Nothing visible came yet in the channel (in this block, of reasoning). */
  get isBlank(): boolean {
    return this.#tail === '' && (this.#dropsSpace || !this.#hasText[this.channel])
  }

  /** A closer of reasoning is no text here: it ends reasoning, or has no opener. */
  get canDropCloser(): boolean {
    return this.isOpen || this.#awaitsCloser || this.isBlank
  }

  /** `isPlain`: it is known that no backtick is in the text. */
  write(text: string, isPlain = false): void {
    this.code.read(text, isPlain)
    const end = endOfVisible(text)
    if (end > 0) this.isStart = false
    if (this.#tail === '') this.#write(text, end)
    else {
      this.#tail += text
      if (end > 0 || this.#tail.length > this.#maxHeld) this.#writeTail()
    }
    if (this.isOpen) {
      this.#headLength += text.length
      if (this.#headLength > MAX_HEAD) this.#events.isHeld = false
    }
  }

  /** Noise, of which nothing stays. */
  dropNoise(): void {
    if (this.isBlank || !(this.isOpen || this.channel === 'reasoning')) this.#dropSpace()
  }

  /** An end token or the closer of a wrapper: markup only if nothing visible follows. */
  holdTail(text: string, isWrapper: boolean): void {
    this.#events.isHeld = false
    // Of several closers of a wrapper only the last one is its own.
    if (isWrapper) this.#writeTail()
    this.#isTailOfWrapper = isWrapper
    this.#tail += text
  }

  /** A block of the channel begins here, apart from what came before it. */
  begin(channel: ChannelName): void {
    this.#meetMarkup()
    if (this.channel === 'content') this.#left = { separator: this.#separator ?? '', dropsSpace: this.#dropsSpace }
    this.channel = channel
    this.code = new CodeSpans()
    this.#awaitsCloser &&= channel === 'content'
    this.#separator = this.#hasText[channel] ? '\n' : ''
    this.#dropsSpace = true
  }

  /** Markup of the content was recognised here; reasoning has ended. */
  toContent(awaitsCloser: boolean): void {
    this.#meetMarkup()
    if (this.channel === 'content') return
    this.channel = 'content'
    this.code = new CodeSpans()
    this.#awaitsCloser = awaitsCloser
    this.#separator = this.#left.separator
    this.#dropsSpace = this.#left.dropsSpace
  }

  /** Reasoning ends here; in the open head that makes reasoning of what came. */
  closeReasoning(): void {
    if (this.isOpen) {
      this.#events.isHeld = false
      const [head] = this.#events.take()
      const text = (head && 'text' in head ? head.text : '') + this.#space
      this.#hasText.content = false
      this.begin('reasoning')
      this.#write(text, endOfVisible(text))
    }
    this.toContent(false)
    this.#awaitsCloser = false
  }

  finish(): void {
    this.#events.isHeld = false
    if (this.#tail === '' && this.#separator === undefined && this.#space !== '') this.#emit('')
  }

  #meetMarkup(): void {
    this.#events.isHeld = false
    // The closer of a wrapper before a call is markup as well; an end token that did not end the message is text.
    if (!this.#isTailOfWrapper) this.#writeTail()
    this.#tail = ''
    this.#dropSpace()
    this.isStart = false
    this.code.isLineStart = true
  }

  /** What was held as the end was not the end. */
  #writeTail(): void {
    const tail = this.#tail
    this.#tail = ''
    this.#write(tail, endOfVisible(tail))
  }

  /** `end` is where the white space at the end of the text begins. */
  #write(text: string, end: number): void {
    let space = text
    if (end > 0) {
      let begin = 0
      if (this.#dropsSpace) while (isSpace(text.charCodeAt(begin))) begin++
      this.#emit(text.slice(begin, end))
      this.#spills = false
      space = text.slice(end)
    }
    if (this.#dropsSpace || space === '') return
    this.#space += space
    if (!this.#spills && this.#space.length <= this.#maxHeld) return
    this.#spills = true
    this.#emit('')
  }

  #emit(text: string): void {
    this.#events.push({ type: this.channel, text: (this.#separator ?? '') + this.#space + text })
    this.#hasText[this.channel] = true
    this.#separator = undefined
    this.#space = ''
    this.#dropsSpace = false
  }

  /** Of the white space before markup only that between two visible texts of the content stays. */
  #dropSpace(): void {
    const hasText = this.#hasText[this.channel]
    this.#separator ??= hasText ? this.#space : ''
    this.#space = ''
    this.#spills = false
    if (!hasText) this.#dropsSpace = true
  }
}

function endOfVisible(text: string): number {
  let end = text.length
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--
  return end
}
