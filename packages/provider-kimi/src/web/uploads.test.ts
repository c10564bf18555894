import { jsonReply, startForwardProxy } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { start } from './test-site.ts'

describe('uploads', () => {
  const png = Buffer.from('89504e470d0a1a0a0000', 'hex')
  const dataUrl = (type: string, bytes: Uint8Array) => `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
  const image = { type: 'image_url' as const, image_url: { url: dataUrl('image/png', png) } }
  const pdf = Buffer.from('%PDF-1.7 \xff', 'latin1')
  const file = { type: 'file' as const, file: { filename: 'a.pdf', file_data: dataUrl('application/pdf', pdf) } }

  /** The older calls, as strict as they are; a file is read after `looks` looks. */
  async function startWithFiles(looks = 1, proxy?: string) {
    const rig = await start({ proxy })
    const stored: Uint8Array[] = []
    const registered: unknown[] = []
    rig.upstream.on('/api/pre-sign-url', ({ json, headers }) => {
      if (!headers.authorization || !['image', 'file'].includes(json.action) || !json.name) return { status: 400 }
      const id = `${json.action}-${stored.length + 1}`
      return jsonReply({ url: `${rig.upstream.origin}/store?signature=s`, object_name: `o/${id}`, file_id: id })
    })
    rig.upstream.on('/store', ({ method, body, headers }) => {
      if (method !== 'PUT' || headers.authorization) return { status: 403 }
      stored.push(body)
      return {}
    })
    rig.upstream.on('/api/file', ({ json }) => {
      registered.push(json)
      const id = json.type === 'image' ? json.file_id : 'file-id'
      return jsonReply({ id, status: registered.length < looks ? 'pending' : 'initialized' })
    })
    rig.upstream.on('/api/file/parse_process', ({ json }) =>
      json.ids[0] === 'file-id'
        ? { headers: { 'content-type': 'text/event-stream' }, body: 'data: {}\n\n' }
        : { status: 400 },
    )
    return { rig, stored, registered }
  }

  test('covers kimi-web images: an image is stored, and named in the message', async () => {
    const { rig, stored, registered } = await startWithFiles()
    await using _ = rig
    const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'What?' }, image] }]
    await rig.ask({ messages })
    await rig.ask({ messages })
    expect(stored).toEqual([png])
    expect(registered).toEqual([{ type: 'image', file_id: 'image-1', name: 'file.png' }])
    for (const { message } of rig.site.messages) {
      expect(message.blocks).toEqual([
        { message_id: '', text: { content: 'What?\n[image file.png]' } },
        { message_id: '', file: { id: 'image-1' } },
      ])
    }
  })

  test('covers kimi-web files: one that is no text is stored and read by the site', async () => {
    const { rig, stored, registered } = await startWithFiles(3)
    await using _ = rig
    const answering = rig.ask({ messages: [{ role: 'user', content: [file] }] })
    for (let look = 1; look < 3; look++) {
      await rig.clock.armed(500)
      await rig.clock.advance(500)
    }
    await answering
    expect(stored).toEqual([pdf])
    const form = { type: 'file', name: 'a.pdf', object_name: 'o/file-1', file_id: '', chat_id: '' }
    expect(registered).toEqual([form, form, form])
    expect(rig.site.messages[0]?.message.blocks[1]).toEqual({ message_id: '', file: { id: 'file-id' } })
  })

  test('who leaves while a file is read is not waited for', async () => {
    const { rig } = await startWithFiles(99)
    await using _ = rig
    const controller = new AbortController()
    const asked = rig.ask({ messages: [{ role: 'user', content: [file] }] }, { signal: controller.signal })
    const outcome = expect(asked).rejects.toMatchObject({ code: 'aborted' })
    await rig.clock.armed(500)
    controller.abort()
    await outcome
    expect(rig.clock.pending).toBe(0)
    expect(rig.site.messages).toHaveLength(0)
  })

  test('an upload goes by the outgoing proxy, without the session', async () => {
    await using proxy = await startForwardProxy()
    const { rig, stored } = await startWithFiles(1, proxy.origin)
    await using _ = rig
    await rig.ask({ messages: [{ role: 'user', content: [image] }] })
    expect(stored).toEqual([png])
    expect(proxy.seen.map(({ line }) => line)).toContain(`PUT ${rig.upstream.origin}/store?signature=s`)
  })

  test('a store that refuses is told without its address', async () => {
    const { rig } = await startWithFiles()
    await using _ = rig
    rig.upstream.on('/store', () => ({ status: 403 }))
    const error = await rig.ask({ messages: [{ role: 'user', content: [image] }] }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'upstream_unavailable', message: expect.stringContaining('403') })
    expect(String(error)).not.toContain('signature')
  })
})
