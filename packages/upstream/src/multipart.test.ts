import fc from 'fast-check'
import { expect, test } from 'vitest'
import { multipart } from './index.ts'
import { boundaryOutside, type MultipartFile } from './multipart.ts'

const png: MultipartFile = { field: 'file', name: 'a.png', type: 'image/png', bytes: Buffer.from('\x89PNG', 'latin1') }

/** As a server reads it that is not ours. */
const read = ({ body, contentType }: ReturnType<typeof multipart>) =>
  new Response(Buffer.from(body), { headers: { 'content-type': contentType } }).formData()

const text = ({ body }: ReturnType<typeof multipart>) => Buffer.from(body).toString('latin1')

test('a form is written part by part, fields first, and ends with its boundary', () => {
  const form = multipart({ purpose: 'chat' }, [png])
  const boundary = form.contentType.replace('multipart/form-data; boundary=', '')
  expect(boundary).toMatch(/^[\w-]{20,70}$/)
  expect(text(form).replaceAll(boundary, 'B').split('\r\n')).toEqual([
    '--B',
    'Content-Disposition: form-data; name="purpose"',
    '',
    'chat',
    '--B',
    'Content-Disposition: form-data; name="file"; filename="a.png"',
    'Content-Type: image/png',
    '',
    '\x89PNG',
    '--B--',
    '',
  ])
})

test('whatever fields and bytes hold, a server reads the same back', async () => {
  const files = fc.array(fc.record({ name: fc.string({ unit: 'grapheme' }), bytes: fc.uint8Array({ maxLength: 300 }) }))
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string()), files, async (fields, given) => {
      const parts = given.map((file) => ({ ...file, field: 'FILES', type: 'application/pdf' }))
      const form = await read(multipart(fields, parts))
      for (const [name, value] of Object.entries(fields)) {
        expect(form.get(name)).toBe(value.replace(/\r\n?|\n/g, '\r\n'))
      }
      const back = form.getAll('FILES').filter((part) => part instanceof File)
      expect(await Promise.all(back.map((part) => part.bytes()))).toEqual(given.map(({ bytes }) => bytes))
    }),
    { numRuns: 50 },
  )
})

test('quotes and line breaks in names are escaped and begin no header', () => {
  const form = multipart({ 'a"\nb': 'x' }, [
    { ...png, field: 'f\r\ng', name: 'x"\r\nX-Evil: 1.png', type: 'a/b\r\nX: 1' },
  ])
  expect(text(form)).toContain('name="a%22%0D%0Ab"')
  expect(text(form)).toContain(
    'name="f%0D%0Ag"; filename="x%22%0D%0AX-Evil: 1.png"\r\nContent-Type: application/octet-stream',
  )
})

test('names keep their letters, in UTF-8', async () => {
  const form = await read(multipart({}, [{ ...png, name: 'Übung 1 – ü.png' }]))
  expect(form.get('file')).toMatchObject({ name: 'Übung 1 – ü.png', type: 'image/png' })
})

test('a boundary that a content holds is drawn again; each form has its own', () => {
  const draws = ['one', 'two', 'three']
  const contents = [Buffer.from('x--two'), Buffer.from('--one--')]
  expect(boundaryOutside(contents, () => draws.shift() ?? '')).toBe('three')
  expect(multipart({}, []).contentType).not.toBe(multipart({}, []).contentType)
})
