import { resolve } from 'node:path'
import { Secret } from '@dragoman/core'
import { protect, readOptional } from './files.ts'
import { faultOfClientKey } from './placeholders.ts'
import { readFlag, readJsonList } from './readers.ts'
import { nameOfUnnamed } from './unnamed-key.ts'
import type { Variables } from './variables.ts'

/** What the variables say about who may use the server. */
export interface ClientVariables {
  /** Of all variables together, each once. */
  readonly keys: readonly { readonly name: string; readonly key: Secret }[]
  /** The variables that these are from. */
  readonly sources: readonly string[]
  /** The variable that refuses a server without keys, as it was set: `REQUIRE_API_KEY=true`. */
  readonly keysRequiredBy?: string | undefined
  /** Keys that are set and left aside, by variable, with what leaves them aside. */
  readonly unread: readonly string[]
  readonly problems: readonly string[]
  readonly notices: readonly string[]
}

const remedy = 'make a key with `openssl rand -hex 32`, or remove the variable'

/**
 * Reads `AUTH_TOKEN` and the like. Each of the switches that ask for no key speaks for the variables that came with it,
 * so that none can open what another variable has locked.
 */
export async function readClientVariables(variables: Variables, cwd: string): Promise<ClientVariables> {
  const problems: string[] = []
  const notices: string[] = []
  const unread: string[] = []
  const found: { variable: string; name: string; value: string }[] = []

  // A value that is neither is reported with the other variables.
  const isOn = (name: string) => readFlag(variables.get(name)?.trim() ?? '')
  const add = (name: string, values: readonly string[], { isList = false } = {}) => {
    for (const [index, value] of values.entries()) {
      const fault = faultOfClientKey(value)
      const place = values.length > 1 ? `key ${index + 1} ` : ''
      if (fault) problems.push(`${variables.label(name)}: ${place}${fault}: ${remedy}`)
      else found.push({ variable: name, name: isList ? nameOfUnnamed(name, value) : name, value: value.trim() })
    }
  }
  /** The variable's text, unless a switch leaves it unread. */
  const given = (name: string, unreadBy: string | undefined): string | undefined => {
    const value = variables.get(name)
    if (value === undefined || !unreadBy) return value
    if (value.trim()) unread.push(`${variables.label(name)} is not read: ${unreadBy}`)
    return undefined
  }

  const skip = isOn('SKIP_AUTH_TOKEN') ? `${variables.label('SKIP_AUTH_TOKEN')} is on` : undefined
  const token = given('AUTH_TOKEN', skip)
  if (token !== undefined) add('AUTH_TOKEN', [token])
  const file = given('AUTH_TOKENS_FILE', skip)?.trim()
  if (file) {
    const text = await readOptional(resolve(cwd, file))
    const keys = text === undefined ? [] : keysOf(text)
    if (text === undefined) problems.push(`${variables.label('AUTH_TOKENS_FILE')}: there is no file ${file}`)
    else if (keys.length === 0) problems.push(`${variables.label('AUTH_TOKENS_FILE')}: there is no key in ${file}`)
    else {
      const repaired = await protect(resolve(cwd, file), file)
      if (repaired) notices.push(repaired)
    }
    add('AUTH_TOKENS_FILE', keys, { isList: true })
  }

  const master = variables.get('API_MASTER_KEY')
  if (master !== undefined && master.trim() !== '1') add('API_MASTER_KEY', [master])

  const isRequired = isOn('REQUIRE_API_KEY')
  const list = given('API_KEYS', isRequired === false ? `${variables.label('REQUIRE_API_KEY')} is off` : undefined)
  const keys = list === undefined ? [] : readJsonList(list)
  if (keys) add('API_KEYS', keys, { isList: true })
  else problems.push(`${variables.label('API_KEYS')}: expected a JSON list of keys, such as ["key"]`)

  const allowAny = isOn('ALLOW_ANY_API_KEY')
  const valid = given('VALID_API_KEY', allowAny ? `${variables.label('ALLOW_ANY_API_KEY')} is on` : undefined)
  // It used to stand empty in every .env, beside ALLOW_ANY_API_KEY.
  if (valid?.trim()) add('VALID_API_KEY', [valid])

  const unique = found.filter(({ value }, index) => found.findIndex((other) => other.value === value) === index)
  return {
    keys: unique.map(({ name, value }) => ({ name, key: new Secret(value) })),
    sources: [...new Set(found.map(({ variable }) => variables.label(variable)))],
    keysRequiredBy: isRequired ? 'REQUIRE_API_KEY=true' : allowAny === false ? 'ALLOW_ANY_API_KEY=false' : undefined,
    unread,
    problems,
    notices,
  }
}

/** One to a line or separated by commas; `#` starts a comment. */
function keysOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .flatMap((line) => line.replace(/#.*$/, '').split(','))
    .map((key) => key.trim())
    .filter(Boolean)
}
