/** Sizes that clients of OpenAI ask for, whose exact ratio the site does not know. */
const nearest: Readonly<Record<string, string>> = {
  '1536x1024': '4:3',
  '1024x1536': '3:4',
  '1792x1024': '16:9',
  '1024x1792': '9:16',
}

/** `1152x768` -> `3:2`. What is no size is a square; a ratio stays. */
export function imageRatio(size: unknown): string {
  const text = String(size)
  const known = nearest[text]
  if (known) return known
  const [, width = 1, height = 1] = (/^(\d{1,5})[x:*](\d{1,5})$/.exec(text) ?? []).map(Number)
  if (width < 1 || height < 1) return '1:1'
  const divisor = commonDivisor(width, height)
  return `${width / divisor}:${height / divisor}`
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}
