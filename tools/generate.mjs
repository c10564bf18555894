// Writes what is made from the sources; with --check it writes nothing and fails when a file is not what it would write.
// Run with the condition dragoman-source (pnpm run generate).
import { readFileSync, writeFileSync } from 'node:fs'
import { configurationDocuments } from '../apps/server/src/cli/config.ts'
import { compatibilityPage } from './compatibility-page.mjs'
import { providersPage } from './providers-page.mjs'

const docs = new URL('../docs/', import.meta.url)
const { schema, page } = await configurationDocuments()
const files = {
  'dragoman.schema.json': schema,
  'configuration.md': page,
  'providers.md': providersPage(),
  'compatibility.md': compatibilityPage(),
}

let stale = 0
for (const [name, text] of Object.entries(files)) {
  const file = new URL(name, docs)
  if (!process.argv.includes('--check')) writeFileSync(file, text)
  else if (readIfThere(file) !== text) {
    stale++
    console.error(`docs/${name} is not what the sources say: run pnpm run generate`)
  }
}
process.exitCode = stale > 0 ? 1 : 0

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined // not made yet: as good as stale
  }
}
