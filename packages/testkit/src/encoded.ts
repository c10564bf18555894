import { createBrotliCompress, createDeflate, createGzip, createZstdCompress, gzipSync } from 'node:zlib'
import type { Coding, Step } from './reply.ts'

const compressors = {
  gzip: createGzip,
  deflate: createDeflate,
  br: createBrotliCompress,
  zstd: createZstdCompress,
} as const

/** The steps with their bytes compressed as one stream, which is flushed after each, so that a stream stays one. */
export async function* encoded(coding: Coding, steps: Iterable<Step> | AsyncIterable<Step>): AsyncGenerator<Step> {
  const compressor = compressors[coding]()
  const ready: Uint8Array[] = []
  compressor.on('data', (bytes: Uint8Array) => ready.push(bytes))
  try {
    for await (const step of steps) {
      if (typeof step !== 'string' && !(step instanceof Uint8Array)) {
        yield step
        continue
      }
      await new Promise((resolve) => compressor.write(step, resolve))
      await new Promise<void>((resolve) => compressor.flush(resolve))
      yield Buffer.concat(ready.splice(0))
    }
    const rest = new Promise((resolve) => compressor.on('end', resolve))
    compressor.end()
    await rest
    yield Buffer.concat(ready)
  } finally {
    compressor.destroy()
  }
}

/**
 * Zeros, about a thousand times as many as the bytes that carry them, for a reply with the header
 * `content-encoding: gzip`. Made of gzip members of 16 MiB, so that ten gigabytes cost no time to prepare.
 */
export function* gzipBomb(inflatedBytes: number): Generator<Uint8Array> {
  const memberBytes = 16 * 1024 * 1024
  const member = gzipSync(new Uint8Array(memberBytes))
  for (let inflated = 0; inflated < inflatedBytes; inflated += memberBytes) yield member
}
