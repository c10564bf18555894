/**
 * What has to stand behind the beginning of a JSON text so that all of it is JSON, as little of it as will do: the string
 * is ended, a word or a number completed, a key without a value gets `null`, then the containers are closed.
 *
 * Returns '' where the text is complete, and where it is no beginning of JSON or ends in an escape or behind a comma,
 * which arguments never do.
 */
export function shortestClosing(prefix: string): string {
  const closers: string[] = []
  let isInString = false
  for (const [char] of prefix.matchAll(/["{}[\]]|\\./gs)) {
    if (char === '"') isInString = !isInString
    else if (isInString) continue
    else if (char === '{' || char === '[') closers.push(char === '{' ? '}' : ']')
    else closers.pop()
  }
  const last = closers.reverse().join('')
  return (
    endings(prefix, isInString)
      .map((ending) => ending + last)
      .find((ending) => isJson(prefix + ending)) ?? ''
  )
}

/** What may end the last key, string, number or word. */
function endings(prefix: string, isInString: boolean): readonly string[] {
  if (isInString) return ['"', '":null']
  if (/(^|:)\s*$/.test(prefix)) return ['null']
  const [word = ''] = /[a-z]+$/.exec(prefix) ?? []
  const rests = ['true', 'false', 'null']
    .filter((whole) => whole.startsWith(word))
    .map((whole) => whole.slice(word.length))
  return ['', ':null', ...(word ? rests : []), ...(/[-.eE+]$/.test(prefix) ? ['0'] : [])]
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // What is no JSON with this ending may be with the next.
    return false
  }
}
