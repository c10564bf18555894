const HIDDEN = '[redacted]'

// A shorter value (a region, a number) would tear holes into ordinary words and protects nothing.
const SHORTEST_SECRET = 6

/**
 * Takes out of a text what must not be shown: the given secrets, also in the encodings in which a server echoes them,
 * also cut off at the end of the text, and whatever looks like a key, a bearer token, a JWT, a cookie, an e-mail address or the URL of an internal host.
 * Errs on the side of hiding.
 */
export function redact(text: string, secrets: readonly string[]): string {
  let shown = text
  for (const secret of secrets) {
    if (secret.trim().length < SHORTEST_SECRET) continue
    for (const form of formsOf(secret)) shown = withoutBeginningOf(form, shown.replaceAll(form, HIDDEN))
  }
  for (const [pattern, replacement] of patterns) shown = shown.replace(pattern, replacement)
  return shown
}

function formsOf(secret: string): ReadonlySet<string> {
  const trimmed = secret.trim()
  const json = JSON.stringify(trimmed).slice(1, -1)
  const base64 = Buffer.from(trimmed).toString('base64')
  // The last characters of a base64 text depend on what followed the secret, so the rest is looked for.
  const stem = base64.replace(/=+$/, '').slice(0, -1)
  return new Set([trimmed, json, encodeURIComponent(trimmed), stem, stem.replaceAll('+', '-').replaceAll('/', '_')])
}

// Fewer characters give nothing away, and end many a word.
const SHORTEST_BEGINNING = 5

/** A text that was cut may end in the middle of a secret. */
function withoutBeginningOf(secret: string, text: string): string {
  for (let length = secret.length - 1; length >= SHORTEST_BEGINNING; length--) {
    if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + HIDDEN
  }
  return text
}

const privateHost = [
  'localhost',
  '(?:127|10)(?:\\.\\d{1,3}){3}',
  '(?:192\\.168|169\\.254|172\\.(?:1[6-9]|2\\d|3[01]))(?:\\.\\d{1,3}){2}',
  '0\\.0\\.0\\.0',
  '\\[[0-9a-f:.]{2,45}\\]',
  '[a-z0-9-]{1,63}', // a name without a dot is one of somebody's network
  '[a-z0-9.-]{1,200}\\.(?:internal|local|localdomain|lan|intranet|corp|svc)',
].join('|')

const internalUrl = new RegExp(
  `\\b(?:https?|wss?|grpc|tcp|redis|postgres(?:ql)?)://(?:[^\\s/@"']{1,200}@)?(?:${privateHost})(?::\\d{1,5})?` +
    `(?=[/\\s"'?#),;\\]}]|\\.?(?:\\s|$))[^\\s"'<>)]{0,2048}`,
  'gi',
)

const namedSecret = new RegExp(
  '\\b((?:x-)?(?:api|access|secret|private|auth|client)[-_ ]?(?:key|token|secret)|token|secret|passw(?:or)?d' +
    '|authorization|session(?:[-_]?id)?|signature)(["\']?\\s?[:=]\\s?["\']?)(?!\\[redacted\\])[^\\s"\',;&}\\])]{8,}',
  'gi',
)

/** In this order: those that know where their secret ends come first. Each starts where a run starts, to be linear. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g, HIDDEN],
  [/\b(bearer|basic)\s{1,3}[\w.~+/=*-]{6,}/gi, `$1 ${HIDDEN}`],
  [/\b((?:set-)?cookie)(["']?\s?[:=]\s?["']?)[^\r\n"'}]+/gi, `$1$2${HIDDEN}`],
  [namedSecret, `$1$2${HIDDEN}`],
  // Keys of well-known services by their prefixes, those masked by the service included.
  [/(?<![\w-])(?:sk|pk|rk|gsk|xai|pplx|nvapi|csk|tgp|dapi|glpat|xox[abeprs])[-_][\w.*-]{8,}/g, HIDDEN],
  [/(?<![\w-])(?:hf|r8|fw|gh[oprsu]|github_pat)_[\w*]{8,}/g, HIDDEN],
  [/(?<![\w-])(?:AIza|AKIA|ASIA|LTAI|ya29\.|1\/\/0)[\w*-]{10,}/g, HIDDEN],
  [/\b((?:https?|wss?):\/\/)[^\s/@"'<>]{1,200}@/gi, `$1${HIDDEN}@`],
  [/(?<![\w.+-])[\w.+-]{1,100}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/g, HIDDEN],
  [internalUrl, '[internal url]'],
  [
    /\b(?:10\.\d{1,3}|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2}(?::\d{1,5})?\b/g,
    '[internal address]',
  ],
  // In a public URL the query string may hold anything.
  [/\b((?:https?|wss?):\/\/[^\s?"'<>]{1,300})\?[^\s"'<>)]*/gi, `$1?${HIDDEN}`],
  // What is long and mixes cases and digits is no word and no model's name.
  [/(?<![\w+/-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[\w+/-]{32,}={0,2}/g, HIDDEN],
  [/(?<!\w)[0-9a-f]{32,}(?!\w)/gi, HIDDEN],
]
