import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createVariables } from './config/variables.ts'
import { type DiscoverablePreset, type DiscoveryOptions, discover } from './discover.ts'

const opened: { close(): void; closeAllConnections?(): void }[] = []

afterEach(() => {
  for (const server of opened.splice(0)) {
    server.closeAllConnections?.()
    server.close()
  }
})

async function listening(server: Server | ReturnType<typeof createSocketServer>): Promise<number> {
  opened.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port // a TCP server has an address of this form
}

/** A program on a free port of this machine; `seen` gets the paths it is asked for. */
function engine(answer: RequestListener | string, seen: string[] = []): Promise<number> {
  return listening(
    createServer((request, response) => {
      seen.push(request.url ?? '')
      if (typeof answer === 'string') response.setHeader('content-type', 'application/json').end(answer)
      else answer(request, response)
    }),
  )
}

function local(name: string, port: number): DiscoverablePreset {
  return { name, baseUrl: `http://127.0.0.1:${port}/v1`, keyVariables: [], local: { port, probePath: '/v1/models' } }
}

const hosted = {
  first: { name: 'First', baseUrl: 'https://first.example/v1', keyVariables: ['FIRST_API_KEY'] },
  openai: {
    name: 'OpenAI',
    baseUrl: 'https://openai.example/v1',
    keyVariables: ['OPENAI_API_KEY'],
    defaultModel: 'large',
  },
  second: {
    name: 'Second',
    baseUrl: 'https://second.example/v1',
    keyVariables: ['SECOND_API_KEY', 'SECOND_TOKEN'],
    defaultModel: 'medium',
  },
  bare: { name: 'Bare', keyVariables: ['BARE_API_KEY'], defaultModel: 'small' },
} satisfies Record<string, DiscoverablePreset>

function found(env: Record<string, string>, options: Partial<DiscoveryOptions> = {}) {
  return discover({ presets: hosted, variables: createVariables(env), ownPort: 8787, lastResort: 'demo', ...options })
}

describe('keys in the environment', () => {
  test('each makes a finding, in the order of the table', async () => {
    const { hosted: findings, ...rest } = await found({ SECOND_TOKEN: 'key-2', FIRST_API_KEY: ' key-1 ', OTHER: 'x' })
    expect(findings.map(({ id, name, variable, key, baseUrl }) => [id, name, variable, key.reveal(), baseUrl])).toEqual(
      [
        ['first', 'First', 'FIRST_API_KEY', 'key-1', undefined],
        ['second', 'Second', 'SECOND_TOKEN', 'key-2', undefined],
      ],
    )
    expect(rest).toEqual({ made: [], local: [], defaultModel: 'second/medium', notices: [] })
  })

  test('the usual variable of a preset counts before its others', async () => {
    const { hosted: findings } = await found({ SECOND_TOKEN: 'key-2', SECOND_API_KEY: 'key-1' })
    expect(findings.map(({ variable }) => variable)).toEqual(['SECOND_API_KEY'])
  })

  test('without any there is the last resort, and no default where findings suggest none', async () => {
    expect((await found({ FIRST_API_KEY: '' })).defaultModel).toBe('demo')
    expect((await found({ FIRST_API_KEY: 'key-1' })).defaultModel).toBeUndefined()
  })

  test('what variables have made by themselves comes before them, and is no last resort', async () => {
    const made = [{ id: 'own', madeBy: ['OWN_TOKEN'], defaultModel: 'small' }]
    expect(await found({}, { made })).toEqual({ made, hosted: [], local: [], defaultModel: 'own/small', notices: [] })
    expect((await found({ OPENAI_API_KEY: 'key-1' }, { made })).defaultModel).toBe('own/small')
  })

  test('a placeholder is passed over with a notice, and the next variable counts', async () => {
    const { hosted: findings, notices } = await found({ SECOND_API_KEY: 'sk-xxx', SECOND_TOKEN: 'key-2' })
    expect(findings.map(({ variable }) => variable)).toEqual(['SECOND_TOKEN'])
    expect(notices).toEqual(['SECOND_API_KEY is not used: it holds a placeholder'])
  })

  test('a service that has no address of its own needs one', async () => {
    const { hosted: findings, notices } = await found({ BARE_API_KEY: 'key-1' })
    expect(findings).toEqual([])
    expect(notices).toEqual(['BARE_API_KEY is not used: Bare needs a baseUrl, in dragoman.yaml'])
  })

  test('OPENAI_BASE_URL sends the key elsewhere, and then the default model does not hold', async () => {
    const elsewhere = await found({ OPENAI_API_KEY: 'key-1', OPENAI_BASE_URL: 'http://10.0.0.5:8000/v1' })
    expect(elsewhere.hosted[0]).toMatchObject({ id: 'openai', baseUrl: 'http://10.0.0.5:8000/v1' })
    expect(elsewhere.defaultModel).toBeUndefined()
    const same = await found({ OPENAI_API_KEY: 'key-1', OPENAI_BASE_URL: 'https://openai.example/v1/' })
    expect(same).toMatchObject({ hosted: [{ id: 'openai', baseUrl: undefined }], defaultModel: 'openai/large' })
  })

  test('OPENAI_BASE_URL alone, or as the address of this server, is not used', async () => {
    expect((await found({ OPENAI_BASE_URL: 'http://10.0.0.5:8000/v1' })).notices).toEqual([
      'OPENAI_BASE_URL is not used: it needs OPENAI_API_KEY beside it',
    ])
    const itself = await found({ OPENAI_API_KEY: 'key-1', OPENAI_BASE_URL: 'http://localhost:8787/v1' })
    expect(itself).toMatchObject({ hosted: [], defaultModel: 'demo' })
    expect(itself.notices).toEqual(['OPENAI_BASE_URL is not used: it is the address of this server itself'])
  })
})

describe('engines on this machine', () => {
  test('are found by their lists of models, and the first model of the first is the default', async () => {
    const seen: string[] = []
    const presets = {
      one: local('One', await engine('{"object":"list","data":[]}', seen)),
      two: local('Two', await engine('{"object":"list","data":[{"id":"llama"},{"id":"qwen"}]}')),
      three: local('Three', await engine('{"models":[{"name":"mistral"}]}')),
    }
    const discovery = await found({}, { presets })
    expect(discovery.local.map(({ id, models }) => [id, models])).toEqual([
      ['one', []],
      ['two', ['llama', 'qwen']],
      ['three', ['mistral']],
    ])
    expect(discovery.local[0]).toMatchObject({ name: 'One', port: presets.one.local?.port })
    expect(discovery.defaultModel).toBe('two/llama')
    expect(seen).toEqual(['/v1/models'])
  })

  test('a hosted service with a default model comes before them', async () => {
    const presets = { here: local('Here', await engine('{"data":[{"id":"llama"}]}')), ...hosted }
    expect((await found({ OPENAI_API_KEY: 'key-1' }, { presets })).defaultModel).toBe('openai/large')
    expect((await found({ FIRST_API_KEY: 'key-1' }, { presets })).defaultModel).toBe('here/llama')
  })

  test.each([
    ['a page', '<html>'],
    ['other JSON', '{"status":"ok"}'],
    ['a list of something else', '{"data":[{"title":"x"}]}'],
    ['a list that says it is none', '{"object":"error","data":null}'],
    ['an array', '[]'],
    ['a number', '17'],
    ['nothing', ''],
  ])('another program that answers with %s is none', async (_, body) => {
    expect((await found({}, { presets: { x: local('X', await engine(body)) } })).local).toEqual([])
  })

  test.each<[string, RequestListener]>([
    ['asks for a key', (_, response) => response.writeHead(401).end('{"data":[{"id":"a"}]}')],
    ['sends elsewhere', (_, response) => response.writeHead(302, { location: '/other' }).end()],
    ['hangs up', (request) => request.socket.destroy()],
    ['never ends', (_, response) => response.write('{"data":[')],
    ['never answers', () => {}],
    [
      'sends without an end',
      (_, response) => {
        const part = '[1,2,3],'.repeat(8192)
        response.on('drain', () => response.write(part))
        response.write('{"data":[')
        while (response.write(part));
      },
    ],
  ])('a program that %s is none, and does not hold up the others', async (_, listener) => {
    const presets = {
      bad: local('Bad', await engine(listener)),
      good: local('Good', await engine('{"data":[{"id":"llama"}]}')),
    }
    expect((await found({}, { presets, probeMs: 150 })).local.map(({ id }) => id)).toEqual(['good'])
  })

  test('neither is one that does not speak HTTP, nor a port on which nobody listens', async () => {
    const port = await listening(createSocketServer((socket) => socket.end('SSH-2.0-x\r\n')))
    const gone = createSocketServer()
    const free = await listening(gone)
    await new Promise((resolve) => gone.close(resolve))
    expect((await found({}, { presets: { x: local('X', port), y: local('Y', free) } })).local).toEqual([])
  })

  test('a list that is longer than any engine has is not read to its end', async () => {
    const port = await engine(JSON.stringify({ data: Array(100_000).fill({ id: 'a-model-with-a-name' }) }))
    expect((await found({}, { presets: { x: local('X', port) }, probeMs: 10_000 })).local).toEqual([])
  })

  test("the gateway's own port is not asked", async () => {
    const seen: string[] = []
    const port = await engine('{"data":[{"id":"a"}]}', seen)
    expect((await found({}, { presets: { x: local('X', port) }, ownPort: port })).local).toEqual([])
    expect(seen).toEqual([])
  })

  test('of several that share a port, the first in the table stands for it', async () => {
    const port = await engine('{"data":[{"id":"a"}]}')
    const { local: findings } = await found({}, { presets: { x: local('X', port), y: local('Y', port) } })
    expect(findings.map(({ id }) => id)).toEqual(['x'])
  })

  test('whoever started it can stop it', async () => {
    const port = await engine(() => {})
    const reason = new Error('stopped')
    const looking = found({}, { presets: { x: local('X', port) }, signal: AbortSignal.abort(reason) })
    await expect(looking).rejects.toBe(reason)
  })
})
