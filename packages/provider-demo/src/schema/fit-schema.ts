import { isCommonWord, shortened, wordsOf } from '../words.ts'
import type { Clues } from './clues.ts'
import { type Context, conforms, createContext, schemasOfProperty } from './conforms.ts'
import { isRecognisable, samplesOf } from './formats.ts'
import {
  charactersPerStep,
  flatten,
  isEqual,
  isNested,
  isObject,
  type JsonValue,
  type Keywords,
  listOf,
  membersPerStep,
  own,
  typeOf,
} from './json-schema.ts'
import { asWords, isCalculation, isProse } from './property-names.ts'

/** From this depth on, of several alternatives the simplest is taken and lists stay as short as they may. */
const roomyDepth = 4
const deepest = 32
const stepsPerValue = 20
const longestList = 64
/** Of an enum, that are looked for in the text. */
const mostMembers = 1000
const mostReadings = 5
const longestString = 10_000

/**
 * A value that fits `schema` (JSON Schema, draft 4 to 2020-12), made of what the clues offer.
 *
 * Properties that are not required are left out unless a clue says what to put there. Bounded in depth, length and
 * work; a schema that wants more than that, or the impossible, gets a value that fits as far as it goes. Does not throw.
 */
export function fitSchema(schema: unknown, clues: Clues): JsonValue {
  return new Fitter(createContext(schema), clues).fit(schema, '', 0)
}

class Fitter {
  readonly #context: Context
  readonly #clues: Clues
  /** How the text begins, for properties that take prose. */
  readonly #opening: string

  constructor(context: Context, clues: Clues) {
    this.#context = context
    this.#clues = clues
    this.#opening = shortened(clues.text.trim(), 500)
  }

  /** `name` is the property's, from which it can be guessed what is meant. */
  fit(schema: unknown, name: string, depth: number): JsonValue {
    const flat = flatten(schema, this.#context)
    this.#context.steps -= stepsPerValue + name.length / charactersPerStep
    if (!flat || depth > deepest || this.#context.steps < 0) return null
    const [alternatives, ...more] = flat.alternatives
    if (!alternatives) return this.#fitKeywords(flat.keywords, name, depth)
    const rest = more.map((anyOf) => ({ anyOf }))
    return this.#fitOneOf(alternatives, { allOf: [flat.keywords, ...rest] }, schema, name, depth)
  }

  #fitOneOf(alternatives: readonly unknown[], base: Keywords, whole: unknown, name: string, depth: number): JsonValue {
    let fallback: JsonValue | undefined
    for (const alternative of this.#inOrder(alternatives, depth)) {
      const saved = this.#clues.save()
      const value = this.fit({ allOf: [base, alternative] }, name, depth + 1)
      if (this.#fits(value, whole)) return value
      this.#clues.restore(saved)
      fallback ??= value
    }
    return fallback ?? null
  }

  /** What the text names first; deep down what needs no further nesting first. */
  #inOrder(alternatives: readonly unknown[], depth: number): unknown[] {
    const rank = (alternative: unknown) => {
      const flat = flatten(alternative, this.#context)
      if (!flat) return 2
      if (depth >= roomyDepth) return isNested(flat.keywords) || flat.alternatives.length > 0 ? 1 : 0
      return this.#isNamed(flat.keywords) ? 0 : 1
    }
    const ranked = alternatives.slice(0, 100).map((alternative) => ({ alternative, rank: rank(alternative) }))
    return ranked.sort((a, b) => a.rank - b.rank).map(({ alternative }) => alternative)
  }

  /** Whether the text has a constant of the schema, such as the `kind` that tells the members of a union apart. */
  #isNamed(keywords: Keywords): boolean {
    const properties = isObject(keywords.properties) ? Object.values(keywords.properties).filter(isObject) : []
    const constants = [keywords, ...properties].map((part) => part.const ?? listOf(part.enum)[0])
    return constants.some((constant) => typeof constant === 'string' && this.#mentions(constant))
  }

  #fitKeywords(keywords: Keywords, name: string, depth: number): JsonValue {
    if (Object.hasOwn(keywords, 'const')) return this.#copied(keywords.const)
    const hinted = this.#hinted(keywords, name, true)
    if (hinted !== undefined) return hinted
    const given = [keywords.default, ...listOf(keywords.examples)].find(
      (value) => value !== undefined && this.#fits(value, keywords),
    )
    if (given !== undefined) return this.#copied(given)
    const { enum: members, ...others } = keywords
    const member = listOf(members).find((one) => this.#fits(one, others))
    if (member !== undefined) return this.#copied(member)

    switch (typeOf(keywords)) {
      case 'object':
        return this.#object(keywords, depth)
      case 'array':
        return this.#array(keywords, name, depth)
      case 'number':
        return this.#number(keywords)
      case 'string':
        return this.#string(keywords, name)
      case 'boolean':
        return false
      case 'null':
        return null
    }
  }

  /** A value that the text or a fact suggests; undefined when nothing does. */
  #hinted(keywords: Keywords, name: string, isRequired: boolean): JsonValue | undefined {
    const isWanted = (value: unknown) => this.#fits(value, keywords)
    const fact = this.#clues.facts.get(wordsOf(name).join(' '))
    if (fact !== undefined && isWanted(fact)) return this.#copied(fact)
    if (keywords.enum !== undefined) {
      const named = listOf(keywords.enum).slice(0, mostMembers)
      const member = named.find((one) => typeof one === 'string' && this.#mentions(one) && isWanted(one))
      return typeof member === 'string' ? member : undefined
    }

    switch (typeOf(keywords)) {
      case 'number':
        return this.#clues.number(isWanted)
      case 'boolean':
        return name !== '' && this.#clues.mentions(name) && isWanted(true) ? true : undefined
      case 'string':
        return this.#hintedString(keywords, name, isRequired)
      case 'array':
        return this.#hintedList(keywords, name, isRequired)
      default:
        return undefined
    }
  }

  #hintedString(keywords: Keywords, name: string, isRequired: boolean): string | undefined {
    const isWanted = (value: string) => this.#fits(value, keywords)
    const { format, pattern } = keywords
    if (typeof format === 'string') return isRecognisable(format) ? this.#clues.word(isWanted) : undefined
    if (typeof pattern === 'string') {
      return this.#clues.word((word) => !isCommonWord(word.toLowerCase()) && isWanted(word))
    }
    if (!isRequired) return undefined
    if (isCalculation(name)) return this.#clues.calculation(isWanted)
    return isProse(name) ? this.#clues.quoted(isWanted) : this.#clues.phrase(isWanted)
  }

  /** As many items as the text has for it: "add 1, 2 and 3". */
  #hintedList(keywords: Keywords, name: string, isRequired: boolean): JsonValue[] | undefined {
    const item = flatten(keywords.items, this.#context)
    if (!item || item.alternatives.length > 0 || isNested(item.keywords)) return undefined
    const most = Math.min(typeof keywords.maxItems === 'number' ? keywords.maxItems : 8, longestList)
    const saved = this.#clues.save()
    const items: JsonValue[] = []
    while (items.length < most) {
      const next = this.#hinted(item.keywords, name, isRequired)
      if (next === undefined || items.includes(next)) break
      items.push(next)
    }
    if (items.length > 0 && this.#fits(items, keywords)) return items
    this.#clues.restore(saved)
    return undefined
  }

  #object(keywords: Keywords, depth: number): JsonValue {
    const required = listOf(keywords.required).filter((key) => typeof key === 'string')
    const properties = isObject(keywords.properties) ? Object.keys(keywords.properties) : []
    this.#context.steps -= (required.length + properties.length) / membersPerStep
    const values = new Map<string, JsonValue>()
    const schemaOf = (key: string) => ({ allOf: schemasOfProperty(key, keywords, this.#context) })

    // In the order of the properties, as things are likely to stand in the text; but what is quoted is what is said.
    const wanted = new Set(required)
    const ordered = properties.filter((key) => wanted.has(key))
    for (const key of [...ordered.filter(isProse), ...ordered, ...required]) {
      if (!values.has(key)) values.set(key, this.fit(schemaOf(key), key, depth + 1))
    }
    for (const key of properties) {
      if (values.has(key) || depth > roomyDepth) continue
      // Who requires nothing often means everything.
      const hinted = this.#hintedOptional(schemaOf(key), key, required.length === 0)
      if (hinted !== undefined) values.set(key, hinted)
    }
    const least = Math.min(typeof keywords.minProperties === 'number' ? keywords.minProperties : 0, longestList)
    for (const key of this.#spareKeys(keywords, properties, least)) {
      if (values.size >= least) break
      if (!values.has(key)) values.set(key, this.fit(schemaOf(key), key, depth + 1))
    }
    // Not by assignment: `__proto__` is a key like any other.
    return Object.fromEntries(inOrderOf(properties, values))
  }

  #hintedOptional(schema: unknown, name: string, isRequired: boolean): JsonValue | undefined {
    const flat = flatten(schema, this.#context)
    const [alternatives] = flat?.alternatives ?? []
    // `anyOf` something or null is how Python says optional.
    const readings = alternatives?.slice(0, mostReadings).map((one) => ({ allOf: [flat?.keywords, one] })) ?? [schema]
    for (const reading of readings) {
      const keywords = flatten(reading, this.#context)?.keywords
      const saved = this.#clues.save()
      const hinted = keywords && this.#hinted(keywords, name, isRequired)
      if (hinted !== undefined && this.#fits(hinted, schema)) return hinted
      this.#clues.restore(saved)
    }
    return undefined
  }

  *#spareKeys(keywords: Keywords, properties: readonly string[], least: number): Iterable<string> {
    yield* properties
    const names = flatten(keywords.propertyNames, this.#context)?.keywords ?? {}
    for (const member of listOf(names.enum)) if (typeof member === 'string') yield member
    for (const pattern of isObject(keywords.patternProperties) ? Object.keys(keywords.patternProperties) : []) {
      yield* this.#context.pattern(pattern)?.samples() ?? []
    }
    for (let i = 1; i <= least; i++) {
      const numbered = `key${i}`
      yield this.#fits(numbered, names) ? numbered : `${this.#string(names, '')}${i}`
    }
  }

  #array(keywords: Keywords, name: string, depth: number): JsonValue {
    const { minItems, maxItems, items, prefixItems, additionalItems, contains } = keywords
    const prefix = Array.isArray(items) ? items : listOf(prefixItems)
    const rest = Array.isArray(items) ? additionalItems : items
    const least = Math.max(typeof minItems === 'number' ? minItems : 0, contains === undefined ? 0 : 1)
    const roomy = depth < roomyDepth && rest !== false && rest !== undefined ? 1 : 0
    const wanted = Math.max(least, prefix.length, roomy)
    const length = Math.min(wanted, typeof maxItems === 'number' ? maxItems : wanted, longestList)

    const values: JsonValue[] = []
    for (let i = 0; i < length; i++) {
      const schema = i < prefix.length ? prefix[i] : { allOf: [rest ?? {}, i === 0 ? (contains ?? {}) : {}] }
      const value = this.fit(schema, name, depth + 1)
      values.push(keywords.uniqueItems === true ? this.#unlike(values, value, schema) : value)
    }
    // An item may turn out to be impossible, as in `items: { not: {} }`.
    return this.#fits(values, keywords) || least > 0 ? values : []
  }

  #unlike(others: readonly JsonValue[], value: JsonValue, schema: unknown): JsonValue {
    const isNew = (one: unknown) => !others.some((other) => isEqual(other, one, this.#context))
    if (isNew(value)) return value
    const members = listOf(flatten(schema, this.#context)?.keywords.enum)
    const varied = Array.from(others.keys(), (i) => {
      return typeof value === 'number' ? value + i + 1 : typeof value === 'string' ? `${value}${i + 2}` : !value
    })
    return this.#copied([...members, ...varied].find((one) => isNew(one) && this.#fits(one, schema)) ?? value)
  }

  #number(keywords: Keywords): number {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = keywords
    const step = typeof multipleOf === 'number' && multipleOf > 0 ? multipleOf : 1
    const bounds = [minimum, exclusiveMinimum, maximum, exclusiveMaximum].filter((bound) => typeof bound === 'number')
    const near = bounds.flatMap((bound) => [
      bound,
      Math.ceil(bound / step) * step,
      Math.floor(bound / step) * step,
      (Math.floor(bound / step) + 1) * step,
      (Math.ceil(bound / step) - 1) * step,
    ])
    const between = bounds.length > 1 ? [(Math.min(...bounds) + Math.max(...bounds)) / 2] : []
    const candidates = [1, step, 0, ...near, ...between]
    return candidates.find((candidate) => this.#fits(candidate, keywords)) ?? 1
  }

  #string(keywords: Keywords, name: string): string {
    const found = firstOf(this.#strings(keywords, name), (candidate) => this.#fits(candidate, keywords))
    return found ?? lengthened(this.#plainString(name), keywords)
  }

  *#strings(keywords: Keywords, name: string): Iterable<string> {
    const { format, pattern } = keywords
    if (typeof format === 'string') yield* samplesOf(format)
    if (typeof pattern === 'string') {
      const written = this.#context.pattern(pattern)?.samples() ?? []
      // An empty string fits many patterns and says nothing.
      for (const sample of written) if (sample !== '') yield sample
      yield ''
    }
    const plain = this.#plainString(name)
    yield plain
    yield lengthened(plain, keywords)
  }

  #plainString(name: string): string {
    return (isProse(name) && this.#opening) || `example ${asWords(name)}`.trim()
  }

  #mentions(name: string): boolean {
    this.#context.steps -= 1 + name.length / charactersPerStep
    return this.#context.steps >= 0 && this.#clues.mentions(name)
  }

  /** What a schema holds came as JSON, and so is a value of it; null where it would make the answer too long. */
  #copied(value: unknown): JsonValue {
    const length = typeof value === 'string' ? value.length : 0
    this.#context.steps -= 1 / membersPerStep + length / charactersPerStep
    if (this.#context.steps < 0) return null
    if (Array.isArray(value)) return value.map((item) => this.#copied(item))
    if (isObject(value)) {
      return Object.fromEntries(Object.keys(value).map((key) => [key, this.#copied(own(value, key))]))
    }
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
  }

  #fits(value: unknown, schema: unknown): boolean {
    return conforms(value, schema, this.#context)
  }
}

/** Cut or filled up to the schema's bounds, in UTF-16 units where it is cut and in characters where it is filled. */
function lengthened(text: string, { minLength, maxLength }: Keywords): string {
  let fitting = text
  if (typeof maxLength === 'number' && fitting.length > maxLength) {
    fitting = fitting.slice(0, Math.max(0, maxLength)).replace(/[\uD800-\uDBFF]$/, '')
  }
  const least = Math.min(typeof minLength === 'number' ? minLength : 0, longestString)
  return fitting + 'x'.repeat(Math.max(0, least - [...fitting].length))
}

function firstOf<T>(values: Iterable<T>, isWanted: (value: T) => boolean): T | undefined {
  for (const value of values) if (isWanted(value)) return value
  return undefined
}

function inOrderOf<T>(keys: readonly string[], values: ReadonlyMap<string, T>): [string, T][] {
  const known = keys.filter((key) => values.has(key))
  return [...new Set([...known, ...values.keys()])].flatMap((key): [string, T][] => {
    const value = values.get(key)
    return value === undefined ? [] : [[key, value]]
  })
}
