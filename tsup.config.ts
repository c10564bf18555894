import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'tsup'

// One configuration for every package: what is built is what its package.json exports under `dragoman-source`,
// plus the program behind its `bin`.
interface Manifest {
  exports?: Record<string, string | { 'dragoman-source'?: string }>
  bin?: Record<string, string>
}

const manifest = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as Manifest

const entry: Record<string, string> = {}
for (const target of Object.values(manifest.exports ?? {})) {
  if (typeof target === 'string' || !target['dragoman-source']) continue
  for (const source of filesOf(target['dragoman-source'])) {
    entry[source.replace(/^\.\/src\//, '').replace(/\.ts$/, '')] = source
  }
}
for (const program of Object.values(manifest.bin ?? {})) {
  const name = program.replace(/^\.?\/?dist\//, '').replace(/\.js$/, '')
  entry[name] = `src/${name}.ts`
}

export default defineConfig({
  entry,
  format: ['esm'],
  dts: manifest.exports !== undefined,
  sourcemap: true,
  clean: true,
  target: 'node22',
  platform: 'node',
  // `node:net` says to Deno and workers what it is; `net` does not.
  removeNodeProtocol: false,
  outDir: 'dist',
})

/** `./src/formats/*.ts` stands for every module of that folder. */
function filesOf(source: string): string[] {
  const [folder = '', suffix] = source.split('*')
  if (suffix === undefined) return [source]
  const modules = readdirSync(folder).filter((name) => name.endsWith(suffix) && !name.endsWith('.test.ts'))
  return modules.map((name) => folder + name)
}
