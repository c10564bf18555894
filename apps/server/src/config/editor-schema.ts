import { branches, type JsonSchema } from './json-schema.ts'
import { sharedNames } from './provider-schema.ts'

/**
 * The schema as an editor should have it: `${NAME}` may stand wherever a value is expected that it can be filled with,
 * and a deployment may hold the options of every type of provider, because which one it is stands elsewhere in the file.
 */
export function editorSchema(schema: JsonSchema): JsonSchema {
  const entry = schema.properties?.providers?.additionalProperties
  const options = typeof entry === 'object' ? optionsOfAll(branches(entry)) : {}
  return withReferences(withDeploymentOptions(schema, options))
}

/** Every option of any type, without what all providers have: the types differ in what they make of a name. */
function optionsOfAll(entries: readonly JsonSchema[]): Readonly<Record<string, JsonSchema>> {
  const forms = new Map<string, JsonSchema[]>()
  for (const { properties = {} } of entries) {
    for (const [name, { default: _, ...option }] of Object.entries(properties)) {
      const known = forms.get(name) ?? []
      if (!known.some((form) => JSON.stringify(form) === JSON.stringify(option))) forms.set(name, [...known, option])
    }
  }
  for (const name of sharedNames) forms.delete(name)
  return Object.fromEntries(
    [...forms].map(([name, [first = {}, ...others]]) => [
      name,
      others.length > 0 ? { anyOf: [first, ...others] } : first,
    ]),
  )
}

/** A deployment is the only map that takes keys it does not name. */
function withDeploymentOptions(schema: JsonSchema, options: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const isDeployment = schema.properties?.provider !== undefined && typeof schema.additionalProperties === 'object'
  if (!isDeployment) return mapped(schema, (inner) => withDeploymentOptions(inner, options))
  return { ...schema, properties: { ...options, ...schema.properties }, additionalProperties: false }
}

function withReferences(schema: JsonSchema): JsonSchema {
  const { description, default: fallback, ...form } = schema
  const isConverted = ['integer', 'number', 'boolean'].includes(form.type ?? '')
  const isNarrowed = form.enum !== undefined || form.pattern !== undefined || form.format !== undefined
  if (form.const !== undefined || !(isConverted || isNarrowed)) return mapped(schema, withReferences)
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [form, { type: 'string', pattern: '\\$\\{.+\\}' }],
  }
}

/** The same schema with `change` made to every schema right inside of it. */
function mapped(schema: JsonSchema, change: (inner: JsonSchema) => JsonSchema): JsonSchema {
  const { properties, items, additionalProperties, anyOf, oneOf } = schema
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, change(inner)])),
    }),
    ...(items && { items: change(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: change(additionalProperties) }),
    ...(anyOf && { anyOf: anyOf.map(change) }),
    ...(oneOf && { oneOf: oneOf.map(change) }),
  }
}
