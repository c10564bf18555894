import { isOwnAddress } from './loopback.ts'
import { faultOfFoundKey, isPlaceholder } from './placeholders.ts'
import {
  modelVariables,
  type ProviderVariable,
  providerVariables,
  type VariableProvider,
  variableProviders,
} from './provider-variables.ts'
import { httpUrl, leaveAlone, onSwitch, readFlag, secret, secrets } from './readers.ts'
import { listAt, mapAt } from './values.ts'
import type { Variables } from './variables.ts'

/** A provider that variables make. */
export interface MadeProvider {
  readonly id: string
  /** As one would write it into the file. */
  readonly entry: Readonly<Record<string, unknown>>
  /** By the first part of a setting, the variables that it is from, as messages call them. */
  readonly setBy: ReadonlyMap<string, readonly string[]>
  /** Those of them without which it would not be there. */
  readonly madeBy: readonly string[]
  readonly defaultModel: string
}

export interface MadeProviders {
  /** In the order of the table. */
  readonly providers: readonly MadeProvider[]
  /** Further names of their models, as one would write them under `models`. */
  readonly models: readonly { readonly name: string; readonly deployments: readonly Deployment[] }[]
  readonly problems: readonly string[]
  readonly notices: readonly string[]
}

interface Deployment {
  readonly provider: string
  readonly model: string
}

interface Given {
  readonly variable: ProviderVariable
  /** How messages call it. */
  readonly label: string
  /** Undefined where the text is not what is expected. */
  readonly value: unknown
}

/**
 * The providers that the table's variables make, for a server that listens on `ownPort` (0 where it is not known). Empty
 * variables count as not set.
 */
export function makeProviders(variables: Variables, ownPort: number): MadeProviders {
  const notices: string[] = []
  const given = providerVariables.flatMap((variable) => readOne(variable, variables, notices))
  const usable = paired(withoutLoops(given, ownPort, notices), notices)
  const providers = variableProviders.flatMap((provider) => make(provider, usable))
  const isMade = (id: string) => providers.some((made) => made.id === id)
  const problems: string[] = []
  for (const { variable, label, value } of usable) {
    // What only shapes may be meant for another program, as long as nothing is there that it could shape.
    if (value === undefined && (variable.of.some(isMade) || isMaker(variable))) {
      problems.push(`${label}: expected ${variable.reader.form}`)
    } else if (!variable.of.some(isMade) && !variable.isShared) {
      notices.push(`${label} is not used: it needs ${missing(variable.of, usable)} beside it`)
    }
  }
  const models = furtherNames(variables, { isMade, usable, problems, notices })
  return { providers, models, problems, notices }
}

/** The variables of the table that are set although the file, which has providers of its own, does not speak of them. */
export function unusedBesideFile(variables: Variables, isInFile: (name: string) => boolean): readonly string[] {
  return [...providerVariables, ...modelVariables]
    .filter((variable) => {
      // Other programs read the keys of APIs too.
      const isShared = 'setting' in variable && (variable.isShared || variable.setting.endsWith('.apiKey'))
      const text = variables.get(variable.name)?.trim()
      const saysNothing = !text || ('model' in variable && isSameName(text, variable.model))
      return !isShared && !saysNothing && variable.reader.read(text) !== leaveAlone && !isInFile(variable.name)
    })
    .map(({ name }) => variables.label(name))
}

function readOne(variable: ProviderVariable, variables: Variables, notices: string[]): readonly Given[] {
  const { name, reader, switchedBy } = variable
  const label = variables.label(name)
  const text = variables.get(name)?.trim()
  if (!text) return []
  if (switchedBy && readFlag(variables.get(switchedBy)?.trim() ?? '') === false) {
    notices.push(`${label} is not read: ${variables.label(switchedBy)} is off`)
    return []
  }
  const value = reader.read(text)
  if (value === leaveAlone) return []
  if (reader !== secret && reader !== secrets) return [{ variable, label, value }]
  const whole = [value].flat()
  const kept = whole.filter((each, index) => {
    const fault = typeof each === 'string' && faultOf(each, variable)
    if (fault) notices.push(`${whole.length > 1 ? `Entry ${index + 1} of ${label}` : label} is not used: ${fault}`)
    return !fault
  })
  return kept.length > 0 ? [{ variable, label, value: reader === secret || value === undefined ? value : kept }] : []
}

function faultOf(text: string, { setting }: ProviderVariable): string | undefined {
  if (setting.endsWith('.apiKey')) return faultOfFoundKey(text)
  return isPlaceholder(text) ? 'it holds a placeholder' : undefined
}

/**
 * Without addresses that lead back to this server, as its clients have them in their environment, and without what
 * belongs to them: a key beside such an address is a client's, and nothing for the service.
 */
function withoutLoops(given: readonly Given[], ownPort: number, notices: string[]): readonly Given[] {
  const loops = given.filter(({ variable, value }) => {
    return variable.reader === httpUrl && isOwnAddress(String(value), ownPort)
  })
  const looped = new Set(loops.flatMap(({ variable }) => variable.of))
  for (const loop of loops) {
    const others = given.filter(
      (each) => each !== loop && each.variable.of.every((id) => loop.variable.of.includes(id)),
    )
    if (others.length === 0) continue
    const names = others.map(({ label }) => label).join(', ')
    notices.push(`${loop.label} is not used, nor ${names}: it is the address of this server itself`)
  }
  return given.filter(({ variable }) => !variable.of.every((id) => looped.has(id)))
}

/** Without the halves of a credential whose other half is not there. */
function paired(given: readonly Given[], notices: string[]): readonly Given[] {
  return given.filter(({ variable: { beside }, label }) => {
    const isWhole = !beside || given.some(({ variable }) => variable.name === beside)
    if (!isWhole) notices.push(`${label} is not used: it needs ${beside} beside it`)
    return isWhole
  })
}

function make({ id, type, needs, defaultModel }: VariableProvider, given: readonly Given[]): readonly MadeProvider[] {
  const own = given.filter(({ variable }) => variable.of.includes(id))
  const valid = own.filter(({ value }) => value !== undefined)
  if (!needs.every((group) => valid.some(({ variable }) => group.includes(headOf(variable))))) return []

  const setBy = new Map<string, readonly string[]>()
  let entry: Readonly<Record<string, unknown>> = { type }
  for (const [index, { variable, label, value }] of valid.entries()) {
    const isSecondHalf = valid.slice(0, index).some((other) => other.variable.name === variable.beside)
    const head = headOf(variable)
    entry = { ...entry, [head]: withSetting(entry[head], variable.setting, value, isSecondHalf) }
    setBy.set(head, [...(setBy.get(head) ?? []), label])
  }
  const listed = listAt(entry, ['models'])[0]
  return [
    {
      id,
      entry,
      setBy,
      madeBy: [...new Set(needs.flat())].flatMap((head) => setBy.get(head) ?? []),
      defaultModel: typeof listed === 'string' ? listed : defaultModel,
    },
  ]
}

/** What stands under the first part of a setting, with a value more. */
function withSetting(before: unknown, setting: string, value: unknown, isSecondHalf: boolean): unknown {
  const [head = '', field] = setting.split('.')
  if (field === undefined) return value
  if (!head.endsWith('[]')) return { ...mapAt(before, []), [field]: value }
  const list = listAt(before, [])
  if (isSecondHalf) return [...list.slice(0, -1), { ...mapAt(list.at(-1), []), [field]: value }]
  return [...list, ...[value].flat().map((each) => ({ [field]: each }))]
}

/** `credentials` of `credentials[].token`. */
function headOf({ setting }: Pick<ProviderVariable, 'setting'>): string {
  return setting.replace(/(\[\])?(\..*)?$/, '')
}

function isMaker(variable: ProviderVariable): boolean {
  return variableProviders.some(({ id, needs }) => variable.of.includes(id) && needs.flat().includes(headOf(variable)))
}

/** What would make one of these providers, in words: `K2_EMAIL, ACCOUNTS_FILE or TOKENS_FILE`. */
function missing(ids: readonly string[], given: readonly Given[]): string {
  const names = variableProviders.flatMap(({ id, needs }) => {
    if (!ids.includes(id)) return []
    const own = providerVariables.filter((variable) => variable.of.includes(id))
    const isGiven = (head: string) => given.some(({ variable }) => own.includes(variable) && headOf(variable) === head)
    const group = needs.find((heads) => !heads.some(isGiven)) ?? []
    const makers = own.filter((variable) => group.includes(headOf(variable)))
    // Of a credential's halves the first will do: what it needs is said when it is there.
    return makers
      .filter(({ beside }, index) => !beside || makers.findIndex(({ name }) => name === beside) > index)
      .map(({ name, reader }) => (reader === onSwitch ? `${name}=true` : name))
  })
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names.join('')
}

interface NameContext {
  readonly isMade: (id: string) => boolean
  readonly usable: readonly Given[]
  readonly problems: string[]
  readonly notices: string[]
}

/** Groups for the names that variables give to models, each once. */
function furtherNames(
  variables: Variables,
  { isMade, usable, problems, notices }: NameContext,
): MadeProviders['models'] {
  const groups = new Map<string, { name: string; deployments: Deployment[]; label: string }>()
  for (const { name: variable, model, of, reader } of modelVariables) {
    const text = variables.get(variable)?.trim()
    // The name that it has anyway, as the example files of older programs say it.
    if (!text || isSameName(text, model)) continue
    const label = variables.label(variable)
    const name = reader.read(text)
    const other = modelVariables.find((known) => isSameName(text, known.model))
    const same = groups.get(text)
    if (!of.some(isMade)) notices.push(`${label} is not used: it needs ${missing(of, usable)} beside it`)
    else if (name === undefined) problems.push(`${label}: expected ${reader.form}`)
    else if (other) notices.push(`${label} is not used: ${other.model} is a model of its own`)
    else if (same) notices.push(`${label} is not used: ${same.label} has given this name to another model`)
    else {
      const deployments = of.filter(isMade).map((provider) => ({ provider, model }))
      groups.set(name, { name, deployments, label })
    }
  }
  return [...groups.values()].map(({ name, deployments }) => ({ name, deployments }))
}

/** Names that clients ask for are found in any case. */
function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
