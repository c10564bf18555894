const examples = new Set([
  'admin',
  'admin123',
  'change-me',
  'changeme',
  'default',
  'example',
  'insert-key-here',
  'key',
  'null',
  'password',
  'secret',
  'sk',
  'todo',
  'token',
  'undefined',
])

const shapes = [
  // `sk-xxx`, `sk-proj-...`, `xxxxxxxx`
  /^([a-z]+[-_])*[x.…]{3,}$/i,
  // A value that some form or log has masked.
  /\*{3,}/,
  /^<.*>$/,
  /^\[.*\]$/,
  /^([a-z]+[-_])*your[-_ ].*(key|token|secret|password|here)/i,
  /change[-_ ]?(me|this|it)!?$/i,
  /^(put|paste|insert|enter|replace)[-_ ].*(key|token|secret|here|me|this)$/i,
  /^sk-(test|example|placeholder|key|secret|1234|123456)$/i,
  // `$NAME` where `${NAME}` was meant, and a reference that nobody has filled.
  /^\$[A-Za-z_]\w*$/,
  /\$\{/,
]

/** Whether this stands where a key belongs without being one: an example from some documentation, a masked value. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim()
  return examples.has(text.toLowerCase()) || shapes.some((shape) => shape.test(text))
}

/** What is wrong with a key or password as such; undefined when nothing is. Never holds the value. */
export function faultOfSecret(value: string): string | undefined {
  if (value.trim() === '') return 'is empty'
  return isPlaceholder(value) ? 'is a placeholder, not a secret of yours' : undefined
}

/** The same for a key that clients send in a header. */
export function faultOfClientKey(value: string): string | undefined {
  const fault = faultOfSecret(value)
  if (fault) return fault
  return /^[\x21-\x7e]+$/.test(value.trim())
    ? undefined
    : 'has a space or a letter outside ASCII, which no header can carry'
}

/** What is wrong with a key that was found in the environment, which is then left aside. Never holds the value. */
export function faultOfFoundKey(value: string): string | undefined {
  if (isPlaceholder(value)) return 'it holds a placeholder'
  return /^[\x21-\x7e]+$/.test(value) ? undefined : 'it holds spaces or invisible characters'
}
