/** In pixels. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** Enough for the headers of all four formats, and for the colour profiles that many JPEGs begin with. */
const longestHead = 1 << 16

/** The size of a PNG, GIF, WebP or JPEG in a `data:` URL; undefined for anything else. Does not throw. */
export function imageSize(url: string): ImageSize | undefined {
  const start = /^data:[^,]{0,100};base64,/i.exec(url)?.[0].length
  if (start === undefined) return undefined
  const bytes = decoded(url.slice(start, start + longestHead))
  if (!bytes) return undefined
  const view = new DataView(bytes.buffer)
  try {
    return pngSize(view) ?? gifSize(view) ?? webpSize(view) ?? jpegSize(view)
  } catch {
    // The header ends before the size is told.
    return undefined
  }
}

function decoded(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const text = atob(base64.slice(0, base64.length - (base64.length % 4)))
    return Uint8Array.from(text, (unit) => unit.charCodeAt(0))
  } catch {
    // No base64, so no image.
    return undefined
  }
}

function pngSize(view: DataView): ImageSize | undefined {
  if (view.getUint32(0) !== 0x89504e47) return undefined
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

function gifSize(view: DataView): ImageSize | undefined {
  if (view.getUint32(0) !== 0x47494638) return undefined
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
}

function webpSize(view: DataView): ImageSize | undefined {
  if (view.getUint32(0) !== 0x52494646 || view.getUint32(8) !== 0x57454250) return undefined
  switch (view.getUint32(12)) {
    // "VP8 ": lossy
    case 0x56503820:
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    // "VP8L": lossless
    case 0x5650384c: {
      const bits = view.getUint32(21, true)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    // "VP8X": extended
    case 0x56503858:
      return { width: (view.getUint32(24, true) & 0xffffff) + 1, height: (view.getUint32(26, true) >>> 8) + 1 }
    default:
      return undefined
  }
}

/** A frame header (SOF0 to SOF15, but for the tables DHT, JPG and DAC) tells the size; segments lead to it. */
function jpegSize(view: DataView): ImageSize | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at)
    if ((marker & 0xfff0) === 0xffc0 && marker !== 0xffc4 && marker !== 0xffc8 && marker !== 0xffcc) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    }
    if (marker < 0xff00) return undefined
  }
}
