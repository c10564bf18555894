import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Compressed by itself, so that one body is read without the day around it. */
const FRAME_BYTES = 256 * 1024
/** At the end of the file: a 64-bit number for where each frame begins, and then how many there are. */
const NUMBER_BYTES = 8

export interface Compression {
  /** The size of the finished file; undefined while there is more to do. */
  step(): number | undefined
  abandon(): void
}

/** `path` to `path.zst`, a frame at each step. It has that name only once it is whole. */
export function compressSegment(path: string, bytes: number): Compression {
  const part = `${path}.zst.part`
  const source = openSync(path, 'r')
  const target = openSync(part, 'w', 0o600)
  const starts: number[] = []
  const frame = Buffer.allocUnsafe(FRAME_BYTES)
  let size = 0
  const abandon = () => {
    closeSync(source)
    closeSync(target)
    rmSync(part, { force: true })
  }
  return {
    step() {
      const from = starts.length * FRAME_BYTES
      if (from < bytes) {
        const read = readSync(source, frame, 0, Math.min(FRAME_BYTES, bytes - from), from)
        const packed = zstdCompressSync(frame.subarray(0, read), {
          params: { [constants.ZSTD_c_compressionLevel]: 3 },
        })
        starts.push(size)
        writeSync(target, packed, 0, packed.length, size)
        size += packed.length
        return undefined
      }
      const index = Buffer.from(new Float64Array([...starts, size, starts.length]).buffer)
      writeSync(target, index, 0, index.length, size)
      closeSync(source)
      closeSync(target)
      renameSync(part, `${path}.zst`)
      return size + index.length
    },
    abandon,
  }
}

/** Bytes of a segment; undefined where the file does not have them. */
export function readSegment(path: string, isCompressed: boolean, offset: number, length: number): Buffer | undefined {
  const file = openSync(path, 'r')
  try {
    return isCompressed ? readFrames(file, offset, length) : readBytes(file, offset, length)
  } finally {
    closeSync(file)
  }
}

function readFrames(file: number, offset: number, length: number): Buffer | undefined {
  const end = fstatSync(file).size
  const frames = readBytes(file, end - NUMBER_BYTES, NUMBER_BYTES)?.readDoubleLE(0)
  if (frames === undefined) return undefined
  const indexAt = end - (frames + 2) * NUMBER_BYTES
  const first = Math.floor(offset / FRAME_BYTES)
  const last = Math.floor(Math.max(offset, offset + length - 1) / FRAME_BYTES)
  if (indexAt < 0 || last >= frames) return length === 0 ? Buffer.alloc(0) : undefined
  const starts = readBytes(file, indexAt + first * NUMBER_BYTES, (last - first + 2) * NUMBER_BYTES)
  if (!starts) return undefined
  const parts: Buffer[] = []
  for (let i = 0; i <= last - first; i++) {
    const from = starts.readDoubleLE(i * NUMBER_BYTES)
    const packed = readBytes(file, from, starts.readDoubleLE((i + 1) * NUMBER_BYTES) - from)
    if (!packed) return undefined
    parts.push(zstdDecompressSync(packed))
  }
  const skipped = offset - first * FRAME_BYTES
  return Buffer.concat(parts).subarray(skipped, skipped + length)
}

function readBytes(file: number, offset: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length)
  let read = 0
  while (read < length) {
    const more = readSync(file, bytes, read, length - read, offset + read)
    if (more === 0) return undefined
    read += more
  }
  return bytes
}
