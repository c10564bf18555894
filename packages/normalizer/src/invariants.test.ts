import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { casesByFormat } from '../cases/by-format.ts'
import { clock, weather, writer } from '../cases/tools.ts'
import { type Answer, addEvents, emptyAnswer, numberedIds, readAnswer } from './answer.ts'
import { normalizeCompletion } from './completion.ts'
import { formatByName, formatNames } from './format-by-name.ts'
import { textShuffler } from './fragments.ts'
import type { EndedHow } from './markup-event.ts'
import type { MarkupFormat } from './markup-format.ts'
import { brokenLaw } from './markup-laws.ts'
import { createMarkupParser } from './markup-machine.ts'
import type { PlainOptions } from './plain-options.ts'
import { renderMarkup } from './render/render-markup.ts'
import { normalizeStream } from './stream.ts'
import type { Case, ExpectedCall } from './test-case.ts'
import { optionsOf, plainOptionsOf } from './test-format-suite.ts'
import { seededPieces } from './text-cuts.ts'
import { shortestClosing } from './truncated.ts'

// New texts are drawn by the fuzz target; here the same ones show each time whether a change broke something.
fc.configureGlobal({ seed: 20261121 })

const tools = [weather, clock, writer]
const textsOf = (cases: readonly Case[]) => cases.map(({ text }) => text)
const allTexts = Object.values(casesByFormat).flatMap(textsOf)

const formats = formatNames.map((name) => {
  const format = formatByName(name)
  if (!format) throw new Error(`there is no format ${name}`)
  const cases = casesByFormat[name] ?? []
  return { name, format, cases, shuffled: textShuffler(textsOf(cases), allTexts) }
})

const startsIn = fc.constantFrom('text', 'reasoning', 'auto' as const)
const how = fc.constantFrom<EndedHow[]>('stop', 'length', 'cut')
const toolSets = fc.constantFrom(tools, undefined, [])

describe.each(formats)('$name', ({ format, cases, shuffled }) => {
  test('any text: cuts, other parsers and resets change nothing, arguments are objects, text comes once', () => {
    const subject = fc.record({
      pieces: fc.nat(8),
      seed: fc.nat(),
      startsIn,
      how,
      tools: toolSets,
      maxHeld: fc.constantFrom(undefined, 40),
      repairTruncated: fc.constantFrom(undefined, shortestClosing),
    })
    fc.assert(
      fc.property(subject, ({ pieces, seed, how, ...options }) => {
        const text = shuffled(seed, pieces)
        expect(brokenLaw({ options: { format, ...options }, text, how, seed }), text).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })

  test('two cases of its own behind one another', () => {
    const pair = fc.tuple(fc.constantFrom(...cases), fc.constantFrom(...cases), fc.nat())
    fc.assert(
      fc.property(pair, ([first, second, seed]) => {
        const text = `${first.text}\n${second.text}`.slice(0, 3000)
        expect(brokenLaw({ options: optionsOf(format, first), text, how: 'stop', seed }), text).toBeUndefined()
      }),
      { numRuns: 30 },
    )
  })

  test('words between whole texts are never lost', () => {
    // Of a value that is given out as a whole nothing comes out when it is cut.
    const isWhole = ({ state = 'complete' }: ExpectedCall) => state !== 'incomplete'
    const whole = cases.filter(({ how, text, calls = [] }) => !how && text.length < 3000 && calls.every(isWhole))
    const list = fc.array(fc.constantFrom(...whole), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(list, startsIn, toolSets, (entries, startsIn, tools) => {
        const words = [...entries, undefined].map((_, index) => `Word${index}`)
        const text = words.map((word, index) => `${word}\n${entries[index]?.text ?? ''}\n`).join('')
        const { content, reasoning, calls } = readAnswer({ format, startsIn, tools }, [text])
        const all = [content, reasoning, ...calls.map((call) => `${call.name} ${call.arguments}`)].join('\n')
        for (const word of words) expect(all.split(word).length, `${word} of ${text}`).toBe(2)
      }),
      { numRuns: 60 },
    )
  })

  test('text without markers comes out as it is', () => {
    const words = fc.string({ unit: fc.constantFrom(...'abc XYZ.,;!?-\n\t😀é'.split('')), minLength: 1 })
    fc.assert(
      fc.property(words, how, toolSets, (text, how, tools) => {
        const expected = { content: text, reasoning: '', calls: [] }
        expect(readAnswer({ format, tools }, [text], how)).toEqual(expected)
        expect(readAnswer({ format, tools }, text.split(''), how)).toEqual(expected)
      }),
      { numRuns: 50 },
    )
  })

  test('nothing is held but the beginning of a marker and white space', () => {
    const markers = markersOf(format)
    const partial = fc
      .tuple(fc.constantFrom(...markers, 'x'), fc.nat())
      .map(([marker, n]) => marker.slice(0, n % marker.length))
    const piece = fc.oneof(fc.constantFrom('word', ' ', 'a', '\n'), partial)
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = `So ${pieces.join('')}`
        fc.pre(!markers.some((marker) => text.includes(marker)))
        const parser = createMarkupParser({ format, tools })
        const answer = emptyAnswer()
        for (const unit of text.split('')) addEvents(answer, parser.push(unit))
        const held = text.slice(answer.content.length)
        expect(text.startsWith(answer.content), text).toBe(true)
        expect(held.trimStart().length, `${JSON.stringify(held)} of ${text}`).toBeLessThanOrEqual(
          longestBeginning(text, markers),
        )
      }),
      { numRuns: 200 },
    )
  })

  test('what every continuation has in common was given out before it came', () => {
    const openers = (format.openers ?? []).map(({ text }) => text)
    const markers = markersOf(format)
    const place = fc.tuple(fc.constantFrom(...cases.filter(({ text }) => text.length < 1500)), fc.nat())
    fc.assert(
      fc.property(place, ([entry, n]) => {
        const at = n % (entry.text.length + 1)
        const begun = entry.text.slice(0, at)
        const options = optionsOf(format, entry)
        const answer = emptyAnswer()
        addEvents(answer, createMarkupParser(numberedIds(options)).push(begun))
        const ends = continuationsOf(begun, entry.text.slice(at), format, cases).flatMap((more) =>
          (['stop', 'cut'] as const).map((how) => readAnswer(options, [begun + more], how)),
        )
        for (const channel of ['content', 'reasoning'] as const) {
          const certain = commonBeginning(ends.map((end) => end[channel])).trimEnd()
          const held = certain.slice(answer[channel].length).trimStart()
          // Behind an opener the reader may wait for what decides, such as the end of a name.
          const isUndecided =
            openers.some((opener) => held.startsWith(opener)) || markers.some((marker) => marker.startsWith(held))
          if (!isUndecided) expect(answer[channel].trimEnd(), `${channel} after ${begun}`).toBe(certain)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('arguments come as they are written: where the text stops, at most a closer was held', () => {
    // Elements that repeat are collected there: one comes out when the next one has another name.
    if (format.name === 'minimax_m3') return
    for (const entry of cases.filter(({ options }) => !options)) {
      const parser = createMarkupParser(numberedIds(optionsOf(format, entry)))
      const answer = emptyAnswer()
      addEvents(answer, parser.push(entry.text))
      const before = answer.calls.at(-1)?.arguments
      addEvents(answer, parser.end(entry.how ?? 'stop'))
      const last = answer.calls.at(-1)
      // `{` alone says that nothing was written yet.
      if (before === undefined || last?.state !== 'incomplete' || last.arguments === '{') continue
      const held = last.arguments.slice(before.length)
      // A quote that waits for what follows the closer, or what may become the closer.
      const isCloser = held === '"' || (held.length < 40 && entry.text.endsWith(held))
      expect(isCloser, `${entry.what}: ${held}`).toBe(true)
    }
  })

  test('streamed and whole answers are the same, and say tool_calls exactly where there are calls', async () => {
    for (const entry of cases) {
      if (entry.how === 'cut') continue
      const given = entry.how === 'length' ? 'length' : 'stop'
      const options = numbered(plainOptionsOf(format, entry))
      const whole = normalizeCompletion(
        { choices: [{ index: 0, message: { role: 'assistant', content: entry.text }, finish_reason: given }] },
        options(),
      ).choices[0]
      const { calls = [], content = '', reasoning = '' } = entry
      expect(whole?.finish_reason, entry.what).toBe(calls.length > 0 && given === 'stop' ? 'tool_calls' : given)
      const message: Record<string, unknown> = { ...whole?.message }
      expect(message.content ?? '', entry.what).toBe(content)
      expect(message.reasoning_content ?? '', entry.what).toBe(reasoning)
      expect('reasoning_content' in message, entry.what).toBe(reasoning !== '')
      expect('tool_calls' in message, entry.what).toBe(calls.length > 0)
      const streamed = await streamedMessage(seededPieces(entry.text, 7), given, options())
      expect(streamed, entry.what).toEqual({
        content,
        reasoning,
        calls: message.tool_calls ?? [],
        finish_reason: whole?.finish_reason,
      })
    }
  })

  test('a rendered answer reads back as what it was', () => {
    if (renderMarkup({ content: 'x' }, format.name) === undefined) return
    const text = fc.string({ unit: fc.constantFrom(...'ab c.\n"\\é😀{}'.split('')) }).map((text) => text.trim())
    const call = fc.oneof(
      fc.record({ name: fc.constant('get_weather'), args: fc.record({ city: text, days: fc.integer() }) }),
      fc.record({ name: fc.constant('get_time'), args: fc.constant({}) }),
      fc.record({ name: fc.constant('write_file'), args: fc.record({ path: text, content: text }) }),
    )
    const message = fc.record({ content: text, reasoning: text, calls: fc.array(call, { maxLength: 3 }) })
    fc.assert(
      fc.property(message, fc.nat(), ({ content, reasoning, calls }, seed) => {
        const tool_calls = calls.map(({ name, args }, index) => ({
          id: idFor(format, name, index),
          function: { name, arguments: JSON.stringify(args) },
        }))
        const rendered = renderMarkup({ content, reasoning_content: reasoning, tool_calls }, format.name) ?? ''
        const answer = readAnswer({ format, tools }, seededPieces(rendered, seed))
        expect(valuesOf(answer), rendered).toEqual({
          content,
          reasoning,
          calls: calls.map(({ name, args }) => ({ name, arguments: args, state: 'complete' })),
        })
      }),
      { numRuns: 100 },
    )
  })
})

/** All literal texts of the table. */
function markersOf(format: MarkupFormat): string[] {
  const { reasoning = [], openers = [], wrappers = [], endTokens = [], startFillers = [], fillers = [] } = format
  const all = [
    ...reasoning.flatMap(({ opener, closer }) => [opener, closer]),
    ...openers.map(({ text }) => text),
    ...wrappers.flat(),
    ...endTokens,
    ...startFillers,
    ...fillers,
  ]
  return [...new Set(all)].filter((marker) => marker !== '')
}

/** The length of the longest end of the text that a marker may begin with. */
function longestBeginning(text: string, markers: readonly string[]): number {
  for (let length = Math.min(text.length, 80); length > 0; length--) {
    const end = text.slice(-length)
    if (markers.some((marker) => marker.length > length && marker.startsWith(end))) return length
  }
  return 0
}

/** Ways to go on: the real one, plain text, and whatever completes a marker that has begun. */
function continuationsOf(begun: string, rest: string, format: MarkupFormat, cases: readonly Case[]): string[] {
  const more = [rest, '', 'x', ' x', '\n', '\nx', '`x', '"x', '</', '>', '}', ']', '\n\n</think>x']
  for (const marker of markersOf(format)) {
    more.push(marker, `${marker}x`, `\n${marker}`, `x\n${marker}`)
    for (let length = Math.min(marker.length - 1, begun.length); length > 0; length--) {
      if (begun.endsWith(marker.slice(0, length))) more.push(marker.slice(length), `${marker.slice(length)}x`)
    }
  }
  // What other cases have behind the same few characters, and from the first marker on.
  for (const { text } of cases) {
    if (text.length > 1500) continue
    for (const length of [1, 3, 8, 20]) {
      const end = begun.slice(-length)
      const at = end === '' ? -1 : text.indexOf(end)
      if (at !== -1) more.push(text.slice(at + end.length))
    }
    more.push(text)
  }
  return [...new Set(more)]
}

function commonBeginning(texts: readonly string[]): string {
  let common = texts[0] ?? ''
  for (const text of texts) {
    let length = 0
    while (length < common.length && text.charCodeAt(length) === common.charCodeAt(length)) length++
    common = common.slice(0, length)
  }
  return common
}

/** The same options for several parsers, each of which numbers its generated ids from 1. */
function numbered(options: PlainOptions): () => PlainOptions {
  return () => numberedIds(options)
}

function idFor(format: MarkupFormat, name: string, index: number): string {
  return format.name === 'kimi_k2' ? `functions.${name}:${index}` : `id0000${String(index).padStart(3, '0')}`
}

function valuesOf({ content, reasoning, calls }: Answer) {
  return {
    content,
    reasoning,
    calls: calls.map(({ name, arguments: text, state }) => ({ name, arguments: JSON.parse(text), state })),
  }
}

async function streamedMessage(pieces: readonly string[], reason: string, options: PlainOptions) {
  const chunks = pieces.map((content) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }))
  const last = { choices: [{ index: 0, delta: {}, finish_reason: reason }] }
  const calls: { id: string; type: string; function: { name: string; arguments: string } }[] = []
  const message = { content: '', reasoning: '', calls, finish_reason: '' }
  for await (const { choices } of normalizeStream<Chunk>([...chunks, last], options)) {
    for (const { delta, finish_reason } of choices) {
      message.content += delta.content ?? ''
      message.reasoning += delta.reasoning_content ?? ''
      message.finish_reason ||= finish_reason ?? ''
      for (const { index, id, function: fn } of delta.tool_calls ?? []) {
        calls[index] ??= { id: id ?? '', type: 'function', function: { name: fn.name ?? '', arguments: '' } }
        calls[index].function.arguments += fn.arguments
      }
    }
  }
  return message
}

interface Chunk {
  readonly choices: readonly {
    readonly index: number
    readonly delta: {
      readonly content?: string
      readonly reasoning_content?: string
      readonly tool_calls?: readonly {
        readonly index: number
        readonly id?: string
        readonly function: { readonly name?: string; readonly arguments: string }
      }[]
    }
    readonly finish_reason: string | null
  }[]
}
