export interface ParsedEvent {
  readonly event: string
  readonly data: Record<string, unknown> & { type: string; sequence_number: number }
}

export function parsedFrames(frames: string): ParsedEvent[] {
  return frames
    .split('\n\n')
    .filter(Boolean)
    .map((frame) => {
      const [event = '', data = ''] = frame.split('\n')
      return { event: event.replace('event: ', ''), data: JSON.parse(data.replace('data: ', '')) }
    })
}

/** Items have random ids: the first of a kind becomes `msg_1`, and so on. */
export function withStableIds(text: string): string {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  return text.replace(/\b(resp|msg|rs|fc|ctc|fco|ctco)_[0-9a-f]{32}\b/g, (id, prefix: string) => {
    const known = names.get(id)
    if (known) return known
    const count = (counts.get(prefix) ?? 0) + 1
    counts.set(prefix, count)
    names.set(id, `${prefix}_${count}`)
    return `${prefix}_${count}`
  })
}
