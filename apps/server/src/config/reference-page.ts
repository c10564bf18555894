import { environmentTable } from './environment.ts'
import { branches, expectation, type JsonSchema } from './json-schema.ts'
import { sharedNames } from './provider-schema.ts'
import { modelVariables, providerVariables } from './provider-variables.ts'

/** Every key with its type, default and meaning, then the environment: the page `docs/configuration.md`. */
export function referencePage(schema: JsonSchema): string {
  const sections = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    name === 'providers' ? providerSections(inner) : section(name, inner),
  )
  return [introduction, ...sections, ...environmentSection()].join('\n')
}

const introduction = `# Configuration

The server reads \`dragoman.yaml\` or \`dragoman.yml\` of the folder it is started in, or the file that \`--config\` or
\`DRAGOMAN_CONFIG\` names. Without one it uses the keys it finds in the environment, the engines it finds on local ports,
and \`demo\`. \`dragoman config check\` says what is wrong with a file, \`dragoman config schema\` writes the JSON Schema
of it for editors, and \`dragoman config docs\` writes this page.

## What counts

The first of these that says something about a setting:

1. options on the command line,
2. the variables \`DRAGOMAN_*\`,
3. the file,
4. the other variables below,
5. the default.

Variables come from the environment, and where it has none of that name from \`.env\` in the same folder.

In the file, \`\${NAME}\` in a text is filled from the variables, \`\${NAME:-text}\` has a default for one that is unset or
empty, and \`$$\` stands for a dollar sign. Inside \`[ ]\` and \`{ }\` such a text needs quotes. Where a number, or true or
false, is expected, the filled text is read as one. An unknown key is an error, and so is a variable that is not set.
Keys and passwords belong into the environment or into \`.env\`; placeholders such as \`changeme\` are refused.
`

interface Row {
  readonly key: string
  readonly type: string
  readonly fallback: string
  readonly meaning: string
}

function section(name: string, schema: JsonSchema): string[] {
  const about = schema.type === 'string' ? '' : (schema.description ?? '')
  const rows = schema.properties
    ? rowsInside(name, schema)
    : rowsOf(name, about ? { ...schema, description: '' } : schema)
  return [`## ${name}`, '', ...(about ? [about, ''] : []), ...keyTable(rows), '']
}

function providerSections(schema: JsonSchema): string[] {
  const entry = schema.additionalProperties
  const types = typeof entry === 'object' ? branches(entry) : []
  const typeNames = types.map(({ properties }) => `\`${properties?.type?.const}\``)
  const rowsFor = (form: JsonSchema | undefined, names: readonly string[]) => {
    const properties = names.flatMap((name) => {
      const property = form?.properties?.[name]
      return property ? [[name, property]] : []
    })
    return rowsInside('providers.<id>', { ...form, properties: Object.fromEntries(properties) })
  }
  const shared = sharedNames.filter((name) => name !== 'type' && name !== 'credentials')
  const ownNames = ({ properties = {} }: JsonSchema) => {
    return Object.keys(properties).filter((name) => name === 'credentials' || !sharedNames.includes(name))
  }
  return [
    '## providers',
    '',
    schema.description ?? '',
    '',
    `\`type\` says which adapter reaches the provider: ${typeNames.join(', ')}. Whatever it is, a provider may have`,
    '',
    ...keyTable(rowsFor(types[0], shared)),
    '',
    ...types.flatMap((form, index) => [
      `### type: ${typeNames[index]}`,
      '',
      ...keyTable(rowsFor(form, ownNames(form))),
      '',
    ]),
  ]
}

function rowsInside(path: string, schema: JsonSchema): readonly Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    return rowsOf(`${path}.${name}`, inner, schema.required?.includes(name) ? 'required' : '')
  })
}

/** A row for the value itself, and rows for what may stand in it. */
function rowsOf(path: string, schema: JsonSchema, unset = ''): readonly Row[] {
  const forms = branches(schema)
  const fallback = isWorthShowing(schema.default) ? `\`${JSON.stringify(schema.default)}\`` : unset
  const self = { key: path, type: expectation(schema), fallback, meaning: schema.description ?? '' }
  const inside = forms.flatMap((form) => [
    ...(forms.length > 1 && form.description && form.type !== 'object'
      ? [{ key: path, type: expectation(form), fallback: '', meaning: form.description }]
      : []),
    ...rowsInside(path, form),
    ...(form.items ? rowsOfEntry(`${path}[]`, form.items) : []),
    ...(typeof form.additionalProperties === 'object' ? rowsInside(`${path}.<name>`, form.additionalProperties) : []),
  ])
  return self.meaning || inside.length === 0 ? [self, ...inside] : inside
}

/** Of a list's entries: a row of their own only where they say something that the list does not. */
function rowsOfEntry(path: string, schema: JsonSchema): readonly Row[] {
  return branches(schema).length > 1 ? rowsOf(path, schema) : rowsInside(path, schema)
}

function isWorthShowing(fallback: unknown): boolean {
  return fallback !== undefined && JSON.stringify(fallback) !== '{}'
}

function keyTable(rows: readonly Row[]): string[] {
  return table(
    ['Key', 'Value', 'Default', 'Meaning'],
    rows.map(({ key, type, fallback, meaning }) => [`\`${key}\``, type, fallback, meaning]),
  )
}

function environmentSection(): string[] {
  const effective = environmentTable.filter(({ setting }) => setting !== undefined)
  const idle = environmentTable.filter(({ setting }) => setting === undefined)
  return [
    '## Environment',
    '',
    'Besides these, the key variable of every preset makes a provider where the file has none. An empty variable counts as',
    'not set, except `AUTH_TOKEN`, `API_MASTER_KEY` and `API_KEYS`: those are refused. A key of a service that is a',
    'placeholder is left aside with a note.',
    '',
    ...table(
      ['Variable', 'Setting', 'Value', 'Note'],
      effective.map(({ name, setting, reader, form, note = '' }) => [
        `\`${name}\``,
        `\`${setting}\``,
        reader?.form ?? form ?? '',
        note,
      ]),
    ),
    '',
    ...providerVariablesSection(),
    '',
    '### Without effect',
    '',
    'These are understood, and a note at the start says the same as this table:',
    '',
    ...table(
      ['Variable', 'Why'],
      idle.map(({ name, note = '' }) => [`\`${name}\``, note]),
    ),
    '',
  ]
}

function providerVariablesSection(): string[] {
  const ofProviders = providerVariables.map(({ name, of, setting, reader, beside, note }) => {
    return [
      `\`${name}\``,
      codes(of),
      codes([setting]),
      reader.form,
      [...(beside === undefined ? [] : [`With \`${beside}\`.`]), ...(note === undefined ? [] : [note])].join(' '),
    ]
  })
  const ofModels = modelVariables.map(({ name, of, model, reader }) => [
    `\`${name}\``,
    codes(of),
    '`models[].name`',
    reader.form,
    `A further name of \`${model}\`.`,
  ])
  return [
    '### Variables that make providers',
    '',
    'Where the file has no `providers`, each of these sets what one would write under `providers.<id>`. A provider is made',
    'where a credential of it is set, or what its note says; a variable that only shapes one that is not there is left aside',
    'with a note. Those that are made come before presets, in this order: the first suggests the default model.',
    '',
    ...table(['Variable', 'Providers', 'Setting', 'Value', 'Note'], [...ofProviders, ...ofModels]),
  ]
}

function codes(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}
