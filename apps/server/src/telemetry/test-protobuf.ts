/** A message of protobuf as it is on the wire: values by the numbers of their fields, without any knowledge of them. */
export type Wire = ReadonlyMap<number, readonly (bigint | Buffer)[]>

export function readWire(bytes: Uint8Array): Wire {
  const buffer = Buffer.from(bytes)
  const fields = new Map<number, (bigint | Buffer)[]>()
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer.readUInt8(at++)
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < buffer.length) {
    const tag = Number(varint())
    const values = fields.get(tag >> 3) ?? []
    fields.set(tag >> 3, values)
    switch (tag & 7) {
      case 0:
        values.push(varint())
        break
      case 1:
        values.push(buffer.readBigUInt64LE(at))
        at += 8
        break
      case 2: {
        const length = Number(varint())
        if (at + length > buffer.length) throw new Error('A field is longer than its message')
        values.push(buffer.subarray(at, at + length))
        at += length
        break
      }
      default:
        throw new Error(`Wire type ${tag & 7} is not written here`)
    }
  }
  return fields
}

/** The only message in a field. */
export function inside(wire: Wire, ...path: readonly number[]): Wire {
  let here = wire
  for (const number of path) here = readWire(messagesIn(here, number)[0] ?? Buffer.alloc(0))
  return here
}

export function messagesIn(wire: Wire, number: number): Buffer[] {
  return (wire.get(number) ?? []).map((value) => value as Buffer)
}

export function textIn(wire: Wire, number: number): string | undefined {
  return messagesIn(wire, number)[0]?.toString()
}
