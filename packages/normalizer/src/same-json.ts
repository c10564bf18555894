/** Whether two texts of JSON say the same, however they are spaced. Texts that are no JSON only letter by letter. */
export function isSameJson(a: string, b: string): boolean {
  if (a === b) return true
  try {
    return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b))
  } catch {
    // At least one of them was cut.
    return false
  }
}
