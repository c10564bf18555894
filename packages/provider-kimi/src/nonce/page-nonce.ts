/**
 * The nonce in the chat page: `var kimi_ajax = {"ajax_url":"…","nonce":"…"};`. The object is read to its own closing
 * brace, since `};` may stand inside of a value. Undefined where the page has none.
 */
export function readPageNonce(html: string): string | undefined {
  for (const { index, 0: start } of html.matchAll(/\bkimi_ajax\s*=\s*(?=\{)/g)) {
    const nonce = nonceIn(objectAt(html, index + start.length))
    if (nonce !== undefined) return nonce
  }
  return undefined
}

function nonceIn(json: string | undefined): string | undefined {
  if (json === undefined) return undefined
  try {
    const { nonce }: { nonce?: unknown } = JSON.parse(json)
    return typeof nonce === 'string' && nonce !== '' ? nonce : undefined
  } catch {
    return undefined // no JSON, so not the variable that the site sends
  }
}

function objectAt(text: string, start: number): string | undefined {
  let depth = 0
  let isString = false
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (isString) {
      if (character === '\\') at++
      else if (character === '"') isString = false
    } else if (character === '"') isString = true
    else if (character === '{') depth++
    else if (character === '}' && --depth === 0) return text.slice(start, at + 1)
  }
  return undefined
}
