import { randomBytes } from 'node:crypto'
import { asBuffer } from './as-buffer.ts'

export interface MultipartFile {
  /** The form's field. */
  readonly field: string
  readonly name: string
  /** Media type. */
  readonly type: string
  readonly bytes: Uint8Array
}

/**
 * A form with files, as `multipart/form-data` (RFC 7578): the body and its header `content-type`. Fields come first, in
 * their order. Line breaks in fields become CRLF, and quotes and line breaks in names are escaped, as browsers do it.
 */
export function multipart(
  fields: Readonly<Record<string, string>>,
  files: readonly MultipartFile[],
): { body: Uint8Array; contentType: string } {
  const parts = [
    ...Object.entries(fields).map(([field, value]) => ({
      head: `Content-Disposition: form-data; name="${escaped(crlf(field))}"`,
      content: Buffer.from(crlf(value)),
    })),
    ...files.map(({ field, name, type, bytes }) => ({
      head:
        `Content-Disposition: form-data; name="${escaped(crlf(field))}"; filename="${escaped(name)}"\r\n` +
        `Content-Type: ${headerSafe(type)}`,
      content: asBuffer(bytes),
    })),
  ]
  const boundary = boundaryOutside(parts.map(({ content }) => content))
  const body = Buffer.concat([
    ...parts.flatMap(({ head, content }) => [Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), content, lineEnd]),
    Buffer.from(`--${boundary}--\r\n`),
  ])
  return { body, contentType: `multipart/form-data; boundary=${boundary}` }
}

const lineEnd = Buffer.from('\r\n')

/** A boundary that none of the contents holds. */
export function boundaryOutside(contents: readonly Buffer[], draw: () => string = randomBoundary): string {
  for (;;) {
    const boundary = draw()
    if (!contents.some((content) => content.includes(boundary))) return boundary
  }
}

/** Random, so that nobody can prepare a content that ends its part. */
function randomBoundary(): string {
  return `----dragoman-${randomBytes(16).toString('hex')}`
}

function crlf(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n')
}

function escaped(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')
}

/** A type comes from elsewhere, and must not begin a header of its own. */
function headerSafe(type: string): string {
  return /^[\x20-\x7e]+$/.test(type) ? type : 'application/octet-stream'
}
