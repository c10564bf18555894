// @ts-check
import ts from 'typescript'

/**
 * @typedef {object} ModuleFacts
 * @property {string[]} imports every specifier: of import and export, import(), require() and import types
 * @property {string[]} loads those of them that are loaded at run time, and not for types alone
 * @property {string[]} reexports the packages of which something is exported again, directly or through an import
 * @property {boolean} exportsEverything there is an `export * from`
 */

/**
 * What a module imports and hands on, without resolving anything.
 *
 * @param {string} file only its extension counts
 * @param {string} text
 * @returns {ModuleFacts}
 */
export function readModule(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
  /** @type {Set<string>} */
  const imports = new Set()
  /** @type {Set<string>} */
  const loads = new Set()
  /** @type {Map<string, string>} name in this module -> where it comes from */
  const importedNames = new Map()
  /** @type {Set<string>} */
  const reexports = new Set()
  let exportsEverything = false

  /** @param {ts.Node} node */
  const visit = (node) => {
    const specifier = specifierOf(node)
    if (specifier !== undefined) imports.add(specifier)
    if (specifier !== undefined && !isForTypes(node)) loads.add(specifier)
    if (ts.isImportDeclaration(node) && specifier !== undefined && isPackage(specifier)) {
      for (const name of namesOf(node.importClause)) importedNames.set(name, specifier)
    }
    if (ts.isExportDeclaration(node)) {
      if (!node.exportClause) exportsEverything = true
      if (specifier !== undefined && isPackage(specifier)) reexports.add(specifier)
      if (specifier === undefined && node.exportClause && ts.isNamedExports(node.exportClause)) {
        for (const { name, propertyName } of node.exportClause.elements) {
          const origin = importedNames.get((propertyName ?? name).text)
          if (origin !== undefined) reexports.add(origin)
        }
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { imports: [...imports], loads: [...loads], reexports: [...reexports], exportsEverything }
}

/** @param {ts.Node} node @returns {string | undefined} */
function specifierOf(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier)
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal)
  if (!ts.isCallExpression(node)) return undefined
  const callee = node.expression
  const loads = callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
  return loads ? literal(node.arguments[0]) : undefined
}

/**
 * Whether the statement is dropped with the types. One that has `type` before each of its names is not: it loads the
 * module for its side effects.
 *
 * @param {ts.Node} node
 */
function isForTypes(node) {
  if (ts.isImportTypeNode(node)) return true
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  if (!ts.isImportDeclaration(node) || !node.importClause) return false
  return node.importClause.phaseModifier === ts.SyntaxKind.TypeKeyword
}

/** @param {ts.Node | undefined} node */
const literal = (node) => (node && ts.isStringLiteralLike(node) ? node.text : undefined)

/** @param {string} specifier */
const isPackage = (specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:')

/** @param {ts.ImportClause | undefined} clause @returns {string[]} */
function namesOf(clause) {
  if (!clause) return []
  const bindings = clause.namedBindings
  const named = bindings && ts.isNamedImports(bindings) ? bindings.elements.map((element) => element.name.text) : []
  const space = bindings && ts.isNamespaceImport(bindings) ? [bindings.name.text] : []
  return [...(clause.name ? [clause.name.text] : []), ...named, ...space]
}
