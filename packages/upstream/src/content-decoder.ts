import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'

type Decompressor = ReturnType<typeof createGunzip | typeof createBrotliDecompress | typeof createZstdDecompress>

export type ContentCoding = 'gzip' | 'deflate' | 'br' | 'zstd'

/** `undefined` for a body that comes as it is; `unknown` for a coding, or a stack of them, that cannot be undone. */
export function readContentCoding(header: string | undefined): ContentCoding | 'unknown' | undefined {
  const codings = (header ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim().replace(/^x-gzip$/, 'gzip'))
    .filter((coding) => coding !== '' && coding !== 'identity')
  const [coding] = codings
  if (coding === undefined) return undefined
  const isKnown = coding === 'gzip' || coding === 'deflate' || coding === 'br' || coding === 'zstd'
  // One layer is all that servers use; several are how a small body becomes an endless one.
  return isKnown && codings.length === 1 ? coding : 'unknown'
}

export interface DecoderOutput {
  data(chunk: Uint8Array): void
  end(): void
  fail(error: Error): void
  /** More may be written again. */
  drain(): void
}

/** Decompresses a body as it comes: what a chunk completes comes out without waiting for the next one. */
export class ContentDecoder {
  readonly #coding: ContentCoding
  readonly #output: DecoderOutput
  #decompressor: Decompressor | undefined

  constructor(coding: ContentCoding, output: DecoderOutput) {
    this.#coding = coding
    this.#output = output
  }

  /** True while `write` should not be called. */
  get isFull(): boolean {
    return this.#decompressor?.writableNeedDrain ?? false
  }

  write(chunk: Uint8Array): void {
    this.#decompressor ??= this.#open(chunk)
    this.#decompressor.write(chunk)
  }

  end(): void {
    // A body of no bytes is empty, not a damaged archive.
    if (this.#decompressor) this.#decompressor.end()
    else this.#output.end()
  }

  pause(): void {
    this.#decompressor?.pause()
  }

  resume(): void {
    this.#decompressor?.resume()
  }

  destroy(): void {
    this.#decompressor?.destroy()
  }

  #open(first: Uint8Array): Decompressor {
    const decompressor = createDecompressor(this.#coding, first)
    decompressor.on('data', (chunk: Uint8Array) => this.#output.data(chunk))
    decompressor.on('drain', () => this.#output.drain())
    decompressor.on('end', () => this.#output.end())
    decompressor.on('error', (error) => this.#output.fail(error))
    return decompressor
  }
}

function createDecompressor(coding: ContentCoding, first: Uint8Array): Decompressor {
  switch (coding) {
    case 'gzip':
      return createGunzip()
    case 'br':
      return createBrotliDecompress()
    case 'zstd':
      // RFC 9659: no window above 8 MiB, which also bounds the memory of one response.
      return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: 23 } })
    case 'deflate':
      // Some servers leave out the zlib header that the name promises (RFC 9110, 8.4.1.2).
      return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw()
  }
}
