import type { OfferedTool } from './offer.ts'
import type { Question, ToolResult } from './question.ts'
import { shortened } from './words.ts'

const longestCounted = 10_000

const greetings = ['Hello! 👋', 'Hi there! 🙂', '你好！🐉', 'こんにちは！🌸', '¡Hola! 🎉']

/** What a model without any knowledge can tell: who it is, what it got, and how to reach one that knows more. */
export function answerText(about: {
  question: Question
  tools: readonly OfferedTool[]
  model: string
  index: number
}): string {
  const { question, tools, model, index } = about
  const paragraphs = [
    `${greetings[index % greetings.length]} I am “${shortened(model, 80)}”, the offline demo model of Dragoman. ` +
      'I need no key and no network, and the same request always gets the same answer.',
    question.text.trim() === '' ? 'You wrote no text.' : `You wrote: “${oneLine(question.text, 300)}”`,
    receivedText(question, tools),
    'For real answers 🚀 give Dragoman a provider: put its key into `.env`, such as `OPENAI_API_KEY=…`, or list it ' +
      'under `providers:` in `dragoman.yaml`, and ask for one of its models.',
    'If 你好, こんにちは and 🐉 look right, your client reads Unicode as it should.',
  ]
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')
}

function receivedText(question: Question, tools: readonly OfferedTool[]): string {
  const received = [...question.media, ...(question.hasInstructions ? ['a system prompt'] : [])]
  const names = tools.slice(0, 5).map(({ name }) => `\`${name}\``)
  if (tools.length > names.length) names.push('others')
  const sentences = []
  if (received.length > 0) sentences.push(`I also got ${enumerated(received.slice(0, 10))}.`)
  if (question.messages > 1) sentences.push(`Our conversation has ${question.messages} messages.`)
  if (names.length > 0) sentences.push(`I may call ${enumerated(names)}: ask for one by its name.`)
  return sentences.join(' ')
}

export function resultsText(results: readonly ToolResult[], index: number): string {
  const lines = results.slice(0, 20).map(({ tool, text }) => `- \`${tool}\`: ${oneLine(text, 600) || 'nothing'}`)
  const opening = ['Here is what came back:', 'This is what I got:', 'The tools say:'][index % 3]
  return `${opening}\n\n${lines.join('\n')}\n\nI am the offline demo model of Dragoman, so I only repeat it. ✅`
}

/** Never quotes the user: a think tag in the question must not end the reasoning. */
export function reasoningText(about: {
  question: Question
  tools: readonly OfferedTool[]
  isJson: boolean
  effort: string
}): string {
  const { question, tools, isJson, effort } = about
  const sentences = [`The user's last message has ${sizeOf(question.text)}${mediaNote(question)}.`]
  if (tools.length > 0) {
    const names = enumerated(tools.map(({ name }) => name))
    sentences.push(`${names} ${tools.length === 1 ? 'fits' : 'fit'}, so I fill in the arguments from the text. 🤔`)
  } else {
    if (question.results.length > 0)
      sentences.push(`There is an answer to ${counted(question.results.length, 'call')}.`)
    sentences.push(isJson ? 'What is wanted is JSON, so I fill it field by field. 🤔' : 'A few sentences will do. 🤔')
  }
  return (effort === 'low' || effort === 'minimal' ? sentences.slice(-1) : sentences).join(' ')
}

function sizeOf(text: string): string {
  const words = text
    .slice(0, longestCounted)
    .split(/\s+/)
    .filter((word) => word !== '').length
  return text.length > longestCounted ? `more than ${words} words` : counted(words, 'word')
}

function mediaNote({ media }: Question): string {
  return media.length === 0 ? '' : ` and ${counted(media.length, 'attachment')}`
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function enumerated(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

function oneLine(text: string, length: number): string {
  // Cut first: the text may be megabytes long.
  return shortened(
    text
      .slice(0, 20 * length)
      .trim()
      .replace(/\s+/g, ' '),
    length,
  )
}
