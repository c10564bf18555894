/** The data of each frame. */
export function eventsOf(frames: string): Record<string, unknown>[] {
  return [...frames.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data))
}
