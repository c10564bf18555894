/** What a scraper reads of a text of metrics: a strict one, which throws at whatever it does not know. */
export interface ParsedMetrics {
  readonly types: ReadonlyMap<string, string>
  /** By `name{label="value",…}`, in the order in which they stand there, values without their escapes. */
  readonly samples: ReadonlyMap<string, number>
}

const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*/

export function parseMetrics(text: string, { isOpen = false } = {}): ParsedMetrics {
  if (!text.endsWith('\n')) throw new Error('The last line has no end')
  const lines = text.slice(0, -1).split('\n')
  if (isOpen && lines.pop() !== '# EOF') throw new Error('The last line is not # EOF')
  const types = new Map<string, string>()
  const samples = new Map<string, number>()
  let family = ''
  for (const line of lines) {
    if (line.startsWith('# ')) {
      const [, keyword = '', name = '', rest = ''] = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line) ?? []
      if (keyword === '') throw new Error(`What is this: ${line}`)
      if (keyword === 'HELP' && types.has(name)) throw new Error(`${name} stands there twice`)
      if (keyword === 'TYPE') types.set(name, rest)
      if (keyword === 'UNIT' && !name.endsWith(`_${rest}`)) throw new Error(`${name} is not in ${rest}`)
      family = name
      continue
    }
    const { key, name, value } = readSample(line)
    const type = types.get(family)
    const suffixes =
      type === 'histogram' ? ['_bucket', '_sum', '_count'] : isOpen && type === 'counter' ? ['_total'] : ['']
    if (!suffixes.some((suffix) => name === family + suffix)) throw new Error(`${name} stands below ${family}`)
    if (samples.has(key)) throw new Error(`${key} stands there twice`)
    samples.set(key, value)
  }
  return { types, samples }
}

function readSample(line: string): { key: string; name: string; value: number } {
  const [name = ''] = namePattern.exec(line) ?? []
  if (name === '') throw new Error(`No name: ${line}`)
  let at = name.length
  const labels: string[] = []
  if (line[at] === '{') {
    for (at++; line[at] !== '}'; ) {
      const [label = ''] = /^[a-zA-Z_][a-zA-Z0-9_]*(?==")/.exec(line.slice(at)) ?? []
      if (label === '') throw new Error(`No label: ${line}`)
      let value = ''
      for (at += label.length + 2; line[at] !== '"'; at++) {
        if (at >= line.length) throw new Error(`A value without an end: ${line}`)
        if (line[at] === '\\') {
          at++
          const meant = { n: '\n', '"': '"', '\\': '\\' }[line[at] ?? '']
          if (meant === undefined) throw new Error(`An escape that is none: ${line}`)
          value += meant
        } else value += line[at]
      }
      labels.push(`${label}="${value}"`)
      at++
      if (line[at] === ',') at++
      else if (line[at] !== '}') throw new Error(`What follows a label: ${line}`)
    }
    at++
  }
  const [, text = ''] = /^ (\S+)$/.exec(line.slice(at)) ?? []
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text)
  if (text === '' || Number.isNaN(value)) throw new Error(`No number: ${line}`)
  return { key: labels.length > 0 ? `${name}{${labels.join(',')}}` : name, name, value }
}
