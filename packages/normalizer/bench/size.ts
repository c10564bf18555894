// node -C dragoman-source packages/normalizer/bench/size.ts [--modules kimi-k2 | all]
//
// What a bundle gets, minified and compressed, in Markdown: everything, and a parser with each format. With --modules the
// bytes of each module in such a bundle.

import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'

const { values } = parseArgs({ options: { modules: { type: 'string' } } })
const SOURCES = join(import.meta.dirname, '../src')
const PARSER = "export { createMarkupParser } from './markup-machine.ts'"
const EVERYTHING = "export * from './index.ts'"
const AI_SDK = "export * from './ai-sdk.ts'"

interface Bundle {
  readonly outputFiles: readonly { readonly contents: Uint8Array }[]
  readonly metafile: {
    readonly outputs: Readonly<
      Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
    >
  }
}

// The one that tsup builds the packages with.
const esbuild: { build(options: Record<string, unknown>): Promise<Bundle> } = createRequire(
  createRequire(import.meta.url).resolve('tsup'),
)('esbuild')

if (values.modules === undefined) await sizes()
else await modules(values.modules)

async function sizes(): Promise<void> {
  console.log('| what | minified | gzip |\n|---|--:|--:|')
  await row('everything (`.`)', EVERYTHING)
  await row('AI SDK middleware (`./ai-sdk`), without a format', AI_SDK)
  await row('parser without a format', PARSER)
  for (const name of formats()) await row(`parser with \`formats/${name}\``, withFormat(name))
}

async function row(what: string, source: string): Promise<void> {
  const { contents } = await bundled(source)
  console.log(`| ${what} | ${contents.length} | ${gzipSync(contents, { level: 9 }).length} |`)
}

async function modules(name: string): Promise<void> {
  const { inputs } = await bundled(name === 'all' ? EVERYTHING : withFormat(name))
  console.log('| module | bytes |\n|---|--:|')
  const entries = Object.entries(inputs).map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }))
  for (const { path, bytes } of entries.sort((a, b) => b.bytes - a.bytes)) {
    if (bytes > 0) console.log(`| ${path.slice(path.indexOf('/src/') + 5)} | ${bytes} |`)
  }
}

async function bundled(source: string) {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: source, resolveDir: SOURCES, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    external: ['ai'],
    write: false,
    metafile: true,
  })
  const [file] = outputFiles
  const [output] = Object.values(metafile.outputs)
  if (!file || !output) throw new Error('esbuild made no bundle')
  return { contents: file.contents, inputs: output.inputs }
}

function formats(): string[] {
  const files = readdirSync(join(SOURCES, 'formats')).filter((file) => !file.endsWith('.test.ts'))
  return files.map((file) => file.replace(/\.ts$/, ''))
}

function withFormat(name: string): string {
  return `${PARSER}; export * from './formats/${name}.ts'`
}
