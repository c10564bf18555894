import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { configurationDocuments } from './cli/config.ts'
import { loadPresets, providerTypes } from './compose.ts'
import { testFolder } from './config/test-folder.ts'

const page = await readFile(new URL('../../../docs/coming-from.md', import.meta.url), 'utf8')
const folder = testFolder()

const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => yaml)

test.each(examples)('the example is right, and starts without a complaint:\n%s', async (yaml) => {
  const filled = [...yaml.matchAll(/\$\{(\w+)\}|env: (\w+)/g)].map(([, name, list]) =>
    list ? [list, '["a-token-0123456789"]'] : [name, `value-of-${name}-0123456789`],
  )
  const settings = await folder.load(yaml, {
    env: { AUTH_TOKEN: 'a-key-of-a-client', ...Object.fromEntries(filled) },
    factories: providerTypes,
    presets: loadPresets,
  })
  const named = [...yaml.matchAll(/^ {2}([\w-]+):/gm)].map(([, id]) => id)
  const served = named.filter((id) => !new RegExp(`^ {2}${id}:.*enabled: false`, 'm').test(yaml))
  expect(settings.providers.map(({ id }) => id)).toEqual(served)
  expect(settings.notices).toEqual([])
})

test('every variable that it names is one that the server knows', async () => {
  const { page: reference } = await configurationDocuments()
  const known = new Set([...reference.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map(([, name]) => name))
  const named = [...page.matchAll(/(?<![\w-])([A-Z][A-Z0-9]*_[A-Z0-9_]+|PORT|HOST|TIMEOUT)(?![\w-])/g)].map(
    ([, name]) => name,
  )
  expect(named.length).toBeGreaterThan(30)
  expect([...new Set(named)].filter((name) => !known.has(name))).toEqual([])
})

test('every page and heading that it links to is there', async () => {
  for (const [, file = '', heading] of page.matchAll(/\]\(([\w-]+\.md)(?:#([\w-]+))?\)/g)) {
    const text = await readFile(new URL(`../../../docs/${file}`, import.meta.url), 'utf8')
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'))
    if (heading) expect(headings).toContain(heading)
  }
})
