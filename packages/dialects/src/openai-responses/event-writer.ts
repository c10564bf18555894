/** Collects the frames of a stream: `event:` with the type, and the same type in the data, numbered without gaps. */
export class EventWriter {
  #frames = ''
  #sequence = 0

  /** `fields` are those of the event besides its type and number. */
  event(type: string, fields: object): void {
    this.#frames += `${eventHead(type, fields)}${this.#sequence++}}\n\n`
  }

  /** The same for an event whose JSON ends with a part that was written before. */
  eventWithJson(type: string, key: string, json: string): void {
    this.#frames += `${eventHead(type, {})}${this.#sequence++},"${key}":${json}}\n\n`
  }

  /** The commonest event, a piece of text: `head` comes from {@link eventHead} and is made once per part. */
  delta(head: string, delta: string): void {
    this.#frames += `${head}${this.#sequence++},"delta":${JSON.stringify(delta)}}\n\n`
  }

  /** Somebody else has written events up to this number. */
  goOnAfter(sequence: number): void {
    this.#sequence = Math.max(this.#sequence, sequence + 1)
  }

  /** The frames since the last time. */
  take(): string {
    const frames = this.#frames
    this.#frames = ''
    return frames
  }
}

/** A frame up to its number. */
export function eventHead(type: string, fields: object): string {
  const json = JSON.stringify(fields).slice(1, -1)
  return `event: ${type}\ndata: {"type":"${type}",${json}${json === '' ? '' : ','}"sequence_number":`
}
