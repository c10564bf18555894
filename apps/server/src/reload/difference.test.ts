import { canary, leaked } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { loadPresets, providerTypes } from '../compose.ts'
import { testFolder } from '../config/test-folder.ts'
import { difference, inWords } from './difference.ts'
import { settingsTree, shownTree } from './settings-tree.ts'

const folder = testFolder()
const settings = (yaml: string) => folder.load(yaml, { factories: providerTypes, presets: loadPresets })

const secret = canary('one')
const other = canary('two')
const base =
  'providers: { up: { type: openai-compatible, baseUrl: https://a.example/v1, credentials: [{ apiKey: sk-w9x8v }] } }'
const upWith = (more: string) => base.replace(' } }', `, ${more} } }`)

test.each([
  ['nothing', base, base, []],
  ['a provider more', base, `${base}\n`.replace(' } }\n', ' }, demo: { type: demo } }'), ['providers.demo: added']],
  ['a provider less', base.replace(/ }$/, ', demo: { type: demo } }'), base, ['providers.demo: removed']],
  [
    'an option',
    base,
    base.replace('a.example', 'b.example'),
    ['providers.up.baseUrl: "https://a.example/v1" -> "https://b.example/v1"'],
  ],
  ['an option more', base, upWith('tokenLimitField: max_tokens'), ['providers.up.tokenLimitField: added']],
  [
    'a list of names',
    upWith('dropFields: [seed]'),
    upWith('dropFields: [seed, user]'),
    ['providers.up.dropFields: ["seed"] -> ["seed","user"]'],
  ],
  ['limits', base, `${base}\nlimits: { idleMs: 5000 }`, ['limits.idleMs: 120000 -> 5000']],
  [
    'a deployment',
    `${base}\nmodels: [{ name: m, deployments: [{ provider: up, model: a }] }]`,
    `${base}\nmodels: [{ name: m, deployments: [{ provider: up, model: a }, { provider: up, model: b }] }]`,
    ['models.m.deployments[1]: added'],
  ],
  [
    'what a deployment is asked for',
    `${base}\nmodels: [{ name: m, deployments: [{ provider: up, model: a }] }]`,
    `${base}\nmodels: [{ name: m, deployments: [{ provider: up, model: b }] }]`,
    ['models.m.deployments[0].model: "a" -> "b"'],
  ],
  [
    'models of one name',
    `${base}\nmodels: [{ name: m, deployments: [{ provider: up }] }]`,
    `${base}\nmodels: [{ name: m, deployments: [{ provider: up }] }, { name: m, variant: fast, deployments: [{ provider: up }] }]`,
    ['models.m@fast: added'],
  ],
  [
    'a secret',
    base.replace('sk-w9x8v', secret),
    base.replace('sk-w9x8v', other),
    [`providers.up.credentials.…${other.slice(-4)}: added`, `providers.up.credentials.…${secret.slice(-4)}: removed`],
  ],
  [
    'a secret of which nothing may be shown',
    base,
    base.replace('sk-w9x8v', 'sk-y7z6u'),
    ['providers.up.credentials.….values.apiKey: "[secret]" -> "[secret]"'],
  ],
  [
    'headers, which may be secrets',
    upWith(`headers: { x-a: ${secret} }`),
    upWith(`headers: { x-a: ${other} }`),
    ['providers.up.headers.x-a: "[secret]" -> "[secret]"'],
  ],
  [
    'a URL that holds secrets',
    upWith(`proxy: 'http://jane:${secret}@p.example'`),
    upWith(`proxy: 'http://jane:${other}@p.example'`),
    ['providers.up.proxy: "http://***@p.example/" -> "http://***@p.example/"'],
  ],
  [
    'the mode, and a key',
    base,
    `${base}\nclients: { keys: [{ key: ${secret}, name: team }] }`,
    ['clients.mode: "open" -> "keys"', 'clients.keys: added', 'clients.onRevoke: added'],
  ],
  [
    'the key of a client',
    `${base}\nclients: { keys: [{ key: ${secret}, name: team }] }`,
    `${base}\nclients: { keys: [{ key: ${other}, name: team }] }`,
    ['clients.keys.team.key: "[secret]" -> "[secret]"'],
  ],
  [
    'the rights of a key, by the names that the file has for them',
    `${base}\nclients: { keys: [{ key: ${secret}, name: team, rpm: 5, tpm: 100, budget: { day: 5 }, expiresAt: 2027-01-31 }] }`,
    `${base}\nclients: { keys: [{ key: ${secret}, name: team, rpm: 9, budget: { day: 6 }, expiresAt: 2027-02-28 }] }`,
    [
      'clients.keys.team.rpm: 5 -> 9',
      'clients.keys.team.budget.day: 5 -> 6',
      'clients.keys.team.expiresAt: 1801353600000 -> 1803772800000',
      'clients.keys.team.tpm: removed',
    ],
  ],
  [
    'what needs a restart',
    base,
    `${base}\nserver: { host: 127.0.0.2 }\nlog: { format: json, access: false }\nadmin: { key: ${secret} }`,
    [
      'server.host: "127.0.0.1" -> "127.0.0.2" (after a restart)',
      'admin.key: added (after a restart)',
      'log.format: "auto" -> "json" (after a restart)',
      'log.access: true -> false',
    ],
  ],
])('the difference tells %s, and no secret', async (_what, before, after, words) => {
  const changes = difference(await settings(before), await settings(after))
  expect(changes.map(inWords)).toEqual(words)
  expect(JSON.stringify(changes)).not.toContain(secret)
  expect(JSON.stringify(changes)).not.toContain(other)
})

test('a configuration is shown as it stands in the file, without secrets', async () => {
  const shown = shownTree(
    settingsTree(
      await settings(
        `${upWith(`headers: { x-a: ${secret} }, credentialsFrom: [{ file: keys.txt }]`)}\nvault: { key: ${other} }
clients: { keys: [{ key: ${secret}, name: team }] }
models: [{ name: m, deployments: [{ provider: up, model: a }] }]`,
      ),
    ),
  )
  expect(shown).toMatchObject({
    clients: { mode: 'keys', keys: { team: { key: '[secret]' } } },
    providers: {
      up: {
        type: 'openai-compatible',
        baseUrl: 'https://a.example/v1',
        headers: { 'x-a': '[secret]' },
        credentials: { '…': { values: { apiKey: '[secret]' } } },
        credentialsFrom: [{ file: expect.stringContaining('keys.txt') }],
      },
    },
    models: { m: { deployments: [{ provider: 'up', model: 'a' }] } },
    'vault.key': '[secret]',
  })
  expect(leaked({ secret, other, key: 'sk-w9x8v' }, shown)).toEqual([])
})
