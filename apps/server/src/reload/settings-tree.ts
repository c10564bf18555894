import { Secret } from '@dragoman/core'
import { tokenName } from '@dragoman/token-pool'
import { isSecretPath } from '../config/secret-paths.ts'
import type { Settings } from '../config/settings.ts'

/** A value that is compared as it is and shown otherwise, or one that may be shown. */
export interface Leaf {
  readonly value: string
  readonly shown: unknown
}

/** Settings by the names that dragoman.yaml has for them; lists whose entries have names by these. */
export interface Tree {
  readonly children: ReadonlyMap<string, Tree | Leaf>
  /** In a path its children stand in brackets, by their number. */
  readonly isList: boolean
}

export function isLeaf(node: Tree | Leaf): node is Leaf {
  return 'value' in node
}

/** What is only for the person who starts the server, and follows from the rest. */
const left: ReadonlySet<string> = new Set(['configFile', 'discovery', 'notices', 'sources'])

/** Where the file calls it otherwise. */
const names: Readonly<Record<string, string>> = {
  adminKey: 'admin.key',
  maxCooldownMs: 'cooldown.maxMs',
  mediaFrom: 'outbound.allow',
  'paths.store': 'store.path',
  'paths.sessions': 'vault.path',
  vaultKey: 'vault.key',
  previousVaultKeys: 'vault.previousKeys',
}

/** What the file says of a client key, where it calls it otherwise. */
const rightNames: Readonly<Record<string, string>> = { requestsPerMinute: 'rpm', tokensPerMinute: 'tpm' }

/** Everything that is set, secrets hidden. */
export function settingsTree(settings: Settings): Tree {
  const { paths, ...rest } = settings
  const flat = { ...rest, 'paths.store': paths.store, 'paths.sessions': paths.sessions }
  const entries = Object.entries(flat).flatMap(([name, value]): [string, Tree | Leaf][] => {
    if (left.has(name)) return []
    const shown = names[name] ?? name
    const node = nodeOf(value, shown.split('.'))
    return node ? [[shown, node]] : []
  })
  return { children: new Map(entries), isList: false }
}

/** As JSON, for whoever may look. */
export function shownTree(node: Tree | Leaf): unknown {
  if (isLeaf(node)) return node.shown
  const children = [...node.children].map(([name, child]) => [name, shownTree(child)] as const)
  return node.isList ? children.map(([, child]) => child) : Object.fromEntries(children)
}

function nodeOf(value: unknown, path: readonly string[]): Tree | Leaf | undefined {
  if (value === undefined) return undefined
  if (value instanceof Secret) return hidden(value.reveal())
  if (typeof value === 'string') return isHidden(path) ? hidden(value) : { value: `"${value}"`, shown: plainUrl(value) }
  if (Array.isArray(value)) return listOf(value, path)
  if (typeof value !== 'object' || value === null) return { value: String(value), shown: value }
  const entries = Object.entries(value).flatMap(([name, inner]): [string, Tree | Leaf][] => {
    // In the file the options of a type stand beside what every provider, or deployment, has.
    const isFlat = name === 'options' && (path[0] === 'providers' ? path.length === 2 : path[2] === 'deployments')
    if (name === 'rights' && path[0] === 'clients') return rightsOf(inner, path)
    const node = nodeOf(inner, isFlat ? path : [...path, name])
    if (!node) return []
    return isFlat && !isLeaf(node) ? [...node.children] : [[name, node]]
  })
  return { children: new Map(entries), isList: false }
}

/** In the file they stand beside the key; its name and its end are told there already. */
function rightsOf(rights: unknown, path: readonly string[]): [string, Tree | Leaf][] {
  const { id: _id, expiresAt: _expiresAt, ...rest } = rights as Record<string, unknown>
  return Object.entries(rest).flatMap(([name, value]) => {
    const shown = rightNames[name] ?? name
    const node = nodeOf(value, [...path, shown])
    return node ? [[shown, node] as [string, Tree | Leaf]] : []
  })
}

function listOf(list: readonly unknown[], path: readonly string[]): Tree | Leaf {
  if (list.every((item) => typeof item !== 'object' || item === null)) {
    return isHidden(path) && list.length > 0
      ? hidden(JSON.stringify(list))
      : { value: JSON.stringify(list), shown: list }
  }
  const named = list.map((item) => nameOf(item))
  if (named.some((name) => name === undefined)) {
    const nodes = list.flatMap((item, index) => {
      const node = nodeOf(item, [...path, String(index)])
      return node ? [[String(index), node] as const] : []
    })
    return { children: new Map(nodes), isList: true }
  }
  const children = new Map<string, Tree | Leaf>()
  for (const [index, item] of list.entries()) {
    const name = unused(named[index] ?? '', children)
    const node = nodeOf(withoutName(item), [...path, name])
    if (node) children.set(name, node)
  }
  return { children, isList: false }
}

/** What tells the entries of a list apart: providers have ids, keys and models names, credentials what may be shown. */
function nameOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  if ('values' in item) return tokenName(item.values as Readonly<Record<string, Secret>>)
  if ('id' in item) return String(item.id)
  if (!('name' in item)) return undefined
  return 'variant' in item && item.variant !== undefined ? `${item.name}@${item.variant}` : String(item.name)
}

function withoutName(item: unknown): unknown {
  const { id: _id, name: _name, variant: _variant, ...rest } = item as Record<string, unknown>
  return rest
}

function unused(name: string, taken: ReadonlyMap<string, unknown>): string {
  if (!taken.has(name)) return name
  for (let number = 2; ; number++) if (!taken.has(`${name} (${number})`)) return `${name} (${number})`
}

/** The keys of clients are `Secret`s; what else is said of clients may be read. */
function isHidden(path: readonly string[]): boolean {
  return path[0] !== 'clients' && isSecretPath(path)
}

function hidden(value: string): Leaf {
  return { value, shown: '[secret]' }
}

/** Without what may be a password or a key in it. */
function plainUrl(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text
  const url = URL.parse(text)
  if (!url || !(url.username || url.password || url.search)) return text
  if (url.username || url.password) {
    url.username = '***'
    url.password = ''
  }
  if (url.search) url.search = '?***'
  return url.href
}
