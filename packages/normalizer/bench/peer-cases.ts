// node -C dragoman-source packages/normalizer/bench/peer-cases.ts
//
// How others fare with the cases of the formats that they have: whole, one character at a time, and in 20 seeded
// partitions. Compared are the trimmed content and reasoning, and names and values of complete calls; not ids, not
// white space, and no case that was cut.

import { isDeepStrictEqual } from 'node:util'
import { casesByFormat } from '../cases/by-format.ts'
import { readAnswer } from '../src/answer.ts'
import { hermes } from '../src/formats/hermes.ts'
import { qwen3Coder } from '../src/formats/qwen3-coder.ts'
import { reasoning } from '../src/formats/reasoning.ts'
import type { MarkupFormat } from '../src/markup-format.ts'
import type { Case } from '../src/test-case.ts'
import { seededPieces } from '../src/text-cuts.ts'
import { loadPeers, type Part } from './peers.ts'

interface Comparable {
  readonly content: string
  readonly reasoning: string
  readonly calls: readonly { readonly name: string; readonly value: unknown }[]
}

type Reader = (pieces: readonly string[], entry: Case) => Promise<Comparable>

const rows: readonly [MarkupFormat, string, (cases: readonly Case[]) => readonly Case[], Reader][] = [
  [hermes, '@ai-sdk-tool/parser', withoutReasoning, (pieces, entry) => readTools('hermes', pieces, entry)],
  [qwen3Coder, '@ai-sdk-tool/parser', withoutReasoning, (pieces, entry) => readTools('qwen3Coder', pieces, entry)],
  [reasoning, 'ai', thinkOnly, readReasoning],
]

console.log('| format | reader | cases | as expected | the same at all cuts |\n|---|---|--:|--:|--:|')
for (const [format, peer, chosen, read] of rows) {
  const cases = chosen(
    (casesByFormat[format.name] ?? []).filter(({ how, options, text }) => !how && !options && text.length < 3000),
  )
  const own: Reader = async (pieces, { startsIn, tools }) => comparable(readAnswer({ format, startsIn, tools }, pieces))
  for (const [name, reader] of [['this', own] as const, [peer, read] as const]) {
    let right = 0
    let steady = 0
    for (const entry of cases) {
      const partitions = Array.from({ length: 20 }, (_, seed) => seededPieces(entry.text, seed + 1))
      const whole = await reader([entry.text], entry)
      const others = [await reader(entry.text.split(''), entry)]
      for (const pieces of partitions) others.push(await reader(pieces, entry))
      const isSteady = others.every((other) => isDeepStrictEqual(other, whole))
      if (isSteady) steady++
      if (isDeepStrictEqual(whole, expected(entry))) right++
    }
    console.log(`| ${[format.name, name, cases.length, right, steady].join(' | ')} |`)
  }
}

/** The tool parser reads no reasoning, and knows no text without tools. */
function withoutReasoning(cases: readonly Case[]): readonly Case[] {
  return cases.filter(
    ({ reasoning, tools, startsIn, text }) => !reasoning && tools && !startsIn && !text.includes('think>'),
  )
}

/** The one tag that the middleware was given. */
function thinkOnly(cases: readonly Case[]): readonly Case[] {
  return cases.filter(({ text, startsIn }) => text.includes('<think>') && startsIn !== 'auto')
}

function expected({ content = '', reasoning = '', calls = [] }: Case): Comparable {
  return comparable({ content, reasoning, calls })
}

function comparable(answer: {
  content: string
  reasoning: string
  calls: readonly { name: string; arguments: string }[]
}): Comparable {
  return {
    content: answer.content.trim(),
    reasoning: answer.reasoning.trim(),
    calls: answer.calls.map(({ name, arguments: text }) => ({ name, value: jsonOf(text) })),
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What is no JSON is compared as text.
    return text
  }
}

async function readTools(which: 'hermes' | 'qwen3Coder', pieces: readonly string[], { tools = [] }: Case) {
  const declared = tools.map(({ function: { name, parameters } }) => ({
    type: 'function',
    name,
    inputSchema: parameters,
  }))
  const peers = await loadPeers(declared)
  return collected(partsOf(pieces).pipeThrough(peers[which]()))
}

async function readReasoning(pieces: readonly string[]) {
  const peers = await loadPeers([])
  return collected(await peers.reasoning(partsOf(pieces)))
}

async function collected(stream: ReadableStream<Part>): Promise<Comparable> {
  const answer = { content: '', reasoning: '', calls: [] as { name: string; arguments: string }[] }
  try {
    for await (const part of stream) {
      if (part.type === 'text-delta') answer.content += part.delta
      if (part.type === 'reasoning-delta') answer.reasoning += part.delta
      if (part.type === 'tool-call') answer.calls.push({ name: String(part.toolName), arguments: String(part.input) })
    }
  } catch (error) {
    answer.content += `thrown: ${error}`
  }
  return comparable(answer)
}

function partsOf(pieces: readonly string[]): ReadableStream<Part> {
  return ReadableStream.from<Part>([
    { type: 'text-start', id: 't' },
    ...pieces.map((delta) => ({ type: 'text-delta', id: 't', delta })),
    { type: 'text-end', id: 't' },
    { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage: {} },
  ])
}
