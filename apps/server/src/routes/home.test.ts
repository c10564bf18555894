import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FileStore } from '../file-store.ts'
import { rawRequest, startTestServer } from '../test-server.ts'

test('every endpoint that / names is there', async () => {
  // Nothing is kept in it.
  const files = new FileStore({ folder: join(tmpdir(), 'dragoman-no-files') })
  await using server = await startTestServer(undefined, { files })
  const { endpoints } = JSON.parse((await rawRequest(server.url)).text) as { endpoints: string[] }
  for (const endpoint of endpoints) {
    const [method = '', path = ''] = endpoint.replace('{id}', 'none').split(' ')
    const { text } = await rawRequest(server.url, { method, path })
    expect([endpoint, text]).toEqual([endpoint, expect.not.stringMatching(/unknown_url|method_not_allowed/)])
  }
})
