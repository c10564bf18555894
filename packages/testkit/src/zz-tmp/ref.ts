import http from 'node:http'
import { z } from '../../../core/node_modules/zod/index.js'
import { createParser } from 'eventsource-parser'
import { DragomanError, systemClock, type Provider, type ProviderFactory } from '@dragoman/core'
const M = process.env.MUT ?? ''
export const ref: ProviderFactory<any, any> = {
  id: 'ref',
  options: z.object({ baseUrl: z.string() }),
  credential: z.object({ apiKey: z.string() }) as any,
  create(options: any, env: any = {}): Provider {
    const clock = env.clock ?? systemClock
    const agent = new http.Agent({ keepAlive: true })
    return {
      id: 'ref',
      async close() { if (M !== 'noclose') agent.destroy() },
      async *chat(request, call) {
        const key = call.credential.values.apiKey!.reveal()
        const clean = (s: any) => { if (typeof s !== 'string') return undefined
          const r = (M === 'cliplate' ? s.slice(0, 500) : s).replaceAll(key, '[secret]'); return M === 'leak' ? s : r.slice(0, 500) }
        if (call.signal.aborted) throw new DragomanError('aborted', 'left')
        const url = new URL(options.baseUrl + '/chat/completions')
        let fail: (e: any) => void = () => {}
        const failed = new Promise<never>((_, r) => { fail = r }); failed.catch(() => {})
        const race = <T>(p: Promise<T>) => Promise.race([p, failed])
        const start = clock.now()
        const req = http.request(url, { method: 'POST', agent, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } })
        call.observe?.({ type: 'request', method: 'POST', origin: url.origin, path: url.pathname })
        req.on('error', () => fail(new DragomanError('upstream_unavailable', 'gone')))
        const onAbort = () => { fail(new DragomanError('aborted', 'left')); if (M !== 'noabort') req.destroy() }
        call.signal.addEventListener('abort', onAbort)
        const limit = (ms: number) => M === 'notimeout' ? () => {} : clock.schedule(() => { fail(new DragomanError('upstream_timeout', 'late')); req.destroy() }, M === 'early' ? ms / 2 : ms)
        let cancel = limit(call.limits?.headersMs ?? 60000)
        try {
          const response = new Promise<http.IncomingMessage>((r) => req.on('response', r))
          req.end(JSON.stringify({ ...request, stream: true }))
          const res = await race(response)
          cancel()
          if (M === 'follow' && res.headers.location) { await new Promise((r) => http.get(res.headers.location!, r).on('error', r)) }
          call.observe?.({ type: 'response', status: res.statusCode!, afterMs: clock.now() - start })
          const it = res[Symbol.asyncIterator]()
          const next = async () => {
            cancel = limit(call.limits?.idleMs ?? 60000)
            try { return await race(it.next()) } catch (e) { if (e instanceof DragomanError) throw e; throw new DragomanError(call.signal.aborted ? 'aborted' : 'upstream_unavailable', 'broke') } finally { cancel() }
          }
          const type = res.headers['content-type'] ?? ''
          if (res.statusCode !== 200 || !type.startsWith('text/event-stream')) {
            let text = ''
            for (let r = await next(); !r.done; r = await next()) text += r.value
            let err: any; try { err = JSON.parse(text).error } catch { }
            const s = res.statusCode!
            const message = clean(err?.message ?? text) || 'x'
            const ra = res.headers['retry-after']
            const retryAfterMs = ra === undefined ? undefined : /^\d+$/.test(ra) ? Number(ra) * 1000 : Number.isNaN(Date.parse(ra)) ? undefined : Date.parse(ra) - clock.now()
            const opt = { origin: 'upstream' as const, param: clean(err?.param) ?? undefined, publicCode: clean(err?.code) ?? undefined, retryAfterMs }
            const code = s === 200 ? (err ? 'upstream_unavailable' : 'upstream_protocol') : s < 400 ? 'upstream_protocol' : s === 401 ? 'credential_rejected' : s === 403 ? 'credential_forbidden' : s === 404 ? 'deployment_not_found' : s === 413 ? 'request_too_large' : s === 429 ? (err?.code === 'insufficient_quota' ? 'credential_exhausted' : 'rate_limited') : s >= 500 ? 'upstream_unavailable' : err?.code === 'context_length_exceeded' ? 'context_length_exceeded' : 'invalid_request'
            throw new DragomanError(code, message, opt)
          }
          const out: any[] = []
          let stop = false
          const parser = createParser({ onEvent(e) {
            if (e.data === '[DONE]') { stop = true; return }
            if (stop) return
            let v: any; try { v = JSON.parse(e.data) } catch { throw new DragomanError('upstream_protocol', 'no json', M === 'cause' ? { cause: new Error(e.data) } : {}) }
            if (v.error) throw new DragomanError('upstream_unavailable', clean(v.error.message) ?? 'x')
            out.push(v)
          } })
          const dec = new TextDecoder()
          if (M === 'buffer') { const all: any[] = []; for (let r = await next(); !r.done; r = await next()) all.push(r.value); for (const b of all) parser.feed(dec.decode(b, { stream: true })); yield* out; return }
          for (let r = await next(); !r.done; r = await next()) {
            parser.feed(M === 'utf8' ? r.value.toString() : dec.decode(r.value, { stream: true }))
            yield* out.splice(0)
            if (stop) break
          }
        } finally {
          cancel(); call.signal.removeEventListener('abort', onAbort)
          if (M !== 'noreturn') req.destroy()
        }
      },
    }
  },
}
export async function* decode(body: AsyncIterable<Uint8Array>): AsyncGenerator<any> {
  const out: any[] = []; const dec = new TextDecoder()
  const parser = createParser({ onEvent(e) { if (e.data !== '[DONE]') out.push(JSON.parse(e.data)) } })
  for await (const b of body) { parser.feed(M === 'utf8' ? Buffer.from(b).toString() : dec.decode(b, { stream: true })); yield* out.splice(0) }
}
