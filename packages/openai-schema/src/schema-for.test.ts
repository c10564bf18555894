import { expect, test } from 'vitest'
import { anything, boolean, dictionary, list, object, string } from './fields.ts'
import { schemaFor } from './schema-for.ts'

interface Pet {
  name: string
  tricks?: { title: string; loud?: boolean | null | undefined }[] | null | undefined
  toys?: Record<string, string> | undefined
  vet?: unknown
}

const trick = object({ title: string, loud: boolean.nullish() })
const pet = {
  name: string,
  tricks: list(trick, 'tricks').nullish(),
  toys: dictionary(string).optional(),
  vet: anything,
}

// The claims below are checked by the compiler: each marked line must fail to compile.
test('a schema compiles only while it names what its interface names', () => {
  const schema = schemaFor<Pet>()(object(pet))
  expect(schema.parse({ name: 'Rex', tricks: [{ title: 'sit', extra: 1 }] })).toEqual({
    name: 'Rex',
    tricks: [{ title: 'sit', extra: 1 }],
  })

  const { vet: _, ...withoutVet } = pet
  // @ts-expect-error an optional field is missing in the schema
  schemaFor<Pet>()(object(withoutVet))
  // @ts-expect-error an optional field is missing in the interface
  schemaFor<Pet>()(object({ ...pet, age: string.nullish() }))
  // @ts-expect-error a field of a nested object is missing in the schema
  schemaFor<Pet>()(object({ ...pet, tricks: list(object({ title: string }), 'tricks').nullish() }))
  // @ts-expect-error a field of a nested object is missing in the interface
  schemaFor<Pet>()(object({ ...pet, tricks: list(object({ ...trick.shape, age: anything }), 'tricks').nullish() }))
  // @ts-expect-error the schema refuses what the interface allows
  schemaFor<Pet>()(object({ ...pet, tricks: list(trick, 'tricks').optional() }))
  // @ts-expect-error the schema allows what the interface refuses
  schemaFor<Pet>()(object({ ...pet, toys: dictionary(string).nullish() }))
  // @ts-expect-error the schema requires what the interface does not
  schemaFor<Pet>()(object({ ...pet, toys: dictionary(string) }))
  // @ts-expect-error the schema does not require what the interface does
  schemaFor<Pet>()(object({ ...pet, name: string.optional() }))
})
