import { expect, test } from 'vitest'
import { mediaName, mediaType } from './media-type.ts'

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1')

test.each([
  ['image/png', '\x89PNG\r\n\x1a\n\0\0'],
  ['image/jpeg', '\xff\xd8\xff\xe0'],
  ['image/gif', 'GIF89a\x01\0'],
  ['image/webp', 'RIFF\x10\0\0\0WEBPVP8 '],
  ['audio/wav', 'RIFF\x10\0\0\0WAVEfmt '],
  ['application/pdf', '%PDF-1.7\n%\xe2\xe3'],
  ['audio/mpeg', 'ID3\x04\0'],
  ['audio/mpeg', '\xff\xfb\x90\x64'],
  ['video/mp4', '\0\0\0\x18ftypisom'],
  ['audio/mp4', '\0\0\0\x18ftypM4A '],
  ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['image/svg+xml', '\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a --><!DOCTYPE svg PUBLIC "x">\n<svg>'],
  ['text/html', ' <!-- x --> <!DOCTYPE html><title>Sign in</title>'],
  ['text/plain', 'a\nb \xc3\xa9'],
])('%s is told by its bytes, whatever was declared', (type, head) => {
  expect(mediaType(bytes(head), 'image/tiff', 'x.docx')).toBe(type)
})

test.each([
  ['application/json', '{}', 'application/json; charset=utf-8', ''],
  ['text/csv', 'a,b', 'TEXT/CSV', ''],
  ['text/markdown', '# a', undefined, '/notes.md'],
  ['text/markdown', '# a', 'application/octet-stream', '/notes.md'],
  ['text/plain', 'caf\xe9', 'text/plain; charset=iso-8859-1', ''],
  ['image/tiff', 'II*\0', 'image/tiff', ''],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'PK\x03\x04\0', undefined, '/a.docx'],
  ['application/octet-stream', 'PK\x03\x04\0', 'not a type', '/a'],
  ['application/octet-stream', '\0\x01', 'image/png', ''],
  ['text/plain', 'Not found', 'image/png', '/a.png'],
])('%s for %j, declared as %s, at %s', (type, head, declared, path) => {
  expect(mediaType(bytes(head), declared, path)).toBe(type)
})

test('a file of nothing but comments comes to an end', () => {
  // An expression that may cut them in several ways would still be at it when the universe ends.
  expect(mediaType(bytes('<!---->'.repeat(10_000)), undefined, '')).toBe('text/plain')
})

test.each([
  ['/a/b/photo.png', 'image/png', 'photo.png'],
  ['/photo.JPEG', 'image/jpeg', 'photo.JPEG'],
  ['/photo', 'image/jpeg', 'photo.jpg'],
  ['/photo.php', 'image/png', 'photo.php.png'],
  ['/main.py', 'text/plain', 'main.py'],
  ['/a.tiff', 'image/tiff', 'a.tiff'],
  ['/a', 'image/tiff', 'a.bin'],
  ['/my%20photo%22%0d%0a.png', 'image/png', 'my_photo_.png'],
  ['/%C3%9Cbung.pdf', 'application/pdf', 'Übung.pdf'],
  ['/..%2f..%2fetc%2fpasswd', 'text/plain', 'etc_passwd.txt'],
  ['/50%.txt', 'text/plain', '50_.txt'],
  ['/', 'application/pdf', 'file.pdf'],
  ['', 'image/gif', 'file.gif'],
  [`/${'x'.repeat(500)}.png`, 'image/png', `${'x'.repeat(76)}.png`],
])('the file at %s of %s is %s', (path, type, name) => {
  expect(mediaName(path, type)).toBe(name)
})
