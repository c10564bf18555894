import { Secret } from '@dragoman/core'

/** A credential by the names of its values, or why it is none. Problems hold no part of a value. */
export type ReadValues =
  | { readonly kind: 'values'; readonly values: Readonly<Record<string, Secret>>; readonly notes: readonly string[] }
  | { readonly kind: 'problem'; readonly problem: string }

const longest = 65_536

/** @param field The name that a bare token gets. */
export function readValues(value: unknown, field: string): ReadValues {
  if (typeof value === 'string') {
    const problem = tokenProblem(value)
    return problem ? refused(problem) : { kind: 'values', values: { [field]: new Secret(value) }, notes: [] }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return readFields(value)
  return refused(`is ${kindOf(value)} where a token or an object belongs`)
}

function readFields(object: object): ReadValues {
  const fields: Record<string, unknown> = { ...object }
  const notes: string[] = []
  if (Object.hasOwn(fields, 'k2_password')) {
    if (Object.hasOwn(fields, 'password'))
      notes.push('has "password" and its old name "k2_password": the old one is ignored')
    else {
      fields.password = fields.k2_password
      notes.push('"k2_password" is the old name of "password"; it is used')
    }
    delete fields.k2_password
  }
  const values: [string, Secret][] = []
  for (const [name, value] of Object.entries(fields)) {
    const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value
    const problem = fieldProblem(name, text)
    if (problem) return refused(`${shownName(name)} ${problem}`)
    values.push([name, new Secret(String(text))])
  }
  if (values.length === 0) return refused('is an object without fields')
  return { kind: 'values', values: Object.fromEntries(values), notes }
}

/** What goes into headers and cookies: visible ASCII. */
function tokenProblem(text: string): string | undefined {
  const size = sizeProblem(text)
  if (size) return size
  if (isQuoted(text)) return 'has quotes around it, which belong to no token'
  const odd = oddCharacter(text, (code) => code <= 0x20 || code >= 0x7f)
  if (odd === 'a space')
    return 'holds a space: tokens are separated by commas or lines, and a comment has a line of its own'
  if (odd) return `holds ${odd}, which no token has`
  return /[A-Za-z0-9]/.test(text) ? undefined : 'holds neither a letter nor a digit, so it is no token'
}

function fieldProblem(name: string, value: unknown): string | undefined {
  if (typeof value === 'number') return 'is a number that JSON cannot carry exactly: write it in quotes'
  if (typeof value !== 'string') return `is ${kindOf(value)} where a text or a number belongs`
  const size = sizeProblem(value)
  if (size) return size
  // A password may hold anything that can be typed.
  if (name !== 'password' && isQuoted(value)) return 'has quotes inside of its quotes'
  const odd = oddCharacter(value, (code) => code < 0x20 || code === 0x7f || code === 0xfffd)
  return odd ? `holds ${odd}` : undefined
}

function sizeProblem(text: string): string | undefined {
  if (text.trim() === '') return 'is empty'
  return text.length > longest ? `has ${text.length} characters; more than ${longest} are no credential` : undefined
}

function isQuoted(text: string): boolean {
  return /^["'`]|["'`]$/.test(text)
}

function oddCharacter(text: string, isOdd: (code: number) => boolean): string | undefined {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (isOdd(code)) return described(code)
  }
  return undefined
}

function described(code: number): string {
  const name = characterNames.get(code)
  if (name) return name
  const point = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return code < 0x20 || code === 0x7f ? `the control character ${point}` : `the character ${point}`
}

const characterNames = new Map([
  [0x00, 'a NUL'],
  [0x09, 'a tab'],
  [0x0a, 'a line feed'],
  [0x0d, 'a carriage return'],
  [0x20, 'a space'],
  [0xfffd, 'bytes that are not UTF-8'],
])

/** Somebody may have put the secret where the name belongs, so only what reads like a name is shown. */
function shownName(name: string): string {
  return /^[A-Za-z_]{1,24}$/.test(name) ? `"${name}"` : 'a field'
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

const refused = (problem: string) => ({ kind: 'problem', problem }) as const
