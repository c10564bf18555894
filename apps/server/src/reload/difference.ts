import type { Settings } from '../config/settings.ts'
import { isLeaf, type Leaf, settingsTree, type Tree } from './settings-tree.ts'

/** One thing that is otherwise. Values are as they may be shown: a secret is `[secret]`, before and after. */
export type Change = { readonly path: string; readonly needsRestart?: true } & (
  | { readonly kind: 'added' | 'removed' }
  | { readonly kind: 'changed'; readonly before: unknown; readonly after: unknown }
)

/** What a server has from its start to its end. */
const fixed: readonly string[] = [
  'server.host',
  'server.port',
  'server.maxConnections',
  'store.path',
  'vault.path',
  'vault.key',
  'vault.previousKeys',
  'admin.key',
  'log.format',
  'metrics',
]

/** What is otherwise in `after`, in its order; what is gone stands last. Pure. */
export function difference(before: Settings, after: Settings): readonly Change[] {
  return compare(settingsTree(before), settingsTree(after), '').map((change) =>
    fixed.some((path) => change.path === path || change.path.startsWith(`${path}.`))
      ? { ...change, needsRestart: true }
      : change,
  )
}

/** `models.glm-5.deployments[1].weight: 1 -> 3` */
export function inWords(change: Change): string {
  const what =
    change.kind === 'changed' ? `${JSON.stringify(change.before)} -> ${JSON.stringify(change.after)}` : change.kind
  return `${change.path}: ${what}${change.needsRestart ? ' (after a restart)' : ''}`
}

/** `next` with all that cannot change while the server runs as it is in `running`. */
export function withWhatIsFixed(next: Settings, running: Settings): Settings {
  const { host, port, maxConnections } = running.server
  const { paths, vaultKey, previousVaultKeys, adminKey, metrics } = running
  return {
    ...next,
    server: { ...next.server, host, port, maxConnections },
    log: { ...next.log, format: running.log.format },
    paths,
    vaultKey,
    previousVaultKeys,
    adminKey,
    metrics,
  }
}

function compare(before: Tree, after: Tree, path: string): Change[] {
  const changes: Change[] = []
  const at = (name: string) => {
    if (after.isList || before.isList) return `${path}[${name}]`
    return path === '' ? name : `${path}.${name}`
  }
  for (const [name, node] of after.children) changes.push(...changeOf(before.children.get(name), node, at(name)))
  for (const name of before.children.keys()) {
    if (!after.children.has(name)) changes.push({ path: at(name), kind: 'removed' })
  }
  return changes
}

function changeOf(before: Tree | Leaf | undefined, after: Tree | Leaf, path: string): Change[] {
  if (!before) return [{ path, kind: 'added' }]
  if (isLeaf(before) && isLeaf(after)) {
    if (before.value === after.value) return []
    return [{ path, kind: 'changed', before: before.shown, after: after.shown }]
  }
  const [treeBefore, treeAfter] = [treeOf(before), treeOf(after)]
  if (treeBefore && treeAfter) return compare(treeBefore, treeAfter, path)
  return [{ path, kind: 'changed', before: summary(before), after: summary(after) }]
}

/** A list without entries says nothing of what its entries would be. */
function treeOf(node: Tree | Leaf): Tree | undefined {
  if (!isLeaf(node)) return node
  return node.value === '[]' ? { children: new Map(), isList: false } : undefined
}

/** A whole section in the place of one value, or the other way round. */
function summary(node: Tree | Leaf): unknown {
  return isLeaf(node) ? node.shown : '{…}'
}
