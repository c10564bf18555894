import type { Family, HistogramSample, Sample } from './registry.ts'

export type ExpositionFormat = 'prometheus' | 'openmetrics'

const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

export interface Exposition {
  readonly contentType: string
  readonly text: string
}

/** @param accept the header of that name: OpenMetrics goes to who names it, the older text to everybody else */
export function exposed(families: Iterable<Family>, accept: string | undefined): Exposition {
  const format = wantsOpenMetrics(accept) ? 'openmetrics' : 'prometheus'
  let text = ''
  for (const family of families) text += familyText(family, format)
  if (format === 'openmetrics') text += '# EOF\n'
  return { contentType: contentTypes[format], text }
}

/** Prometheus names both, with the weight of each. */
function wantsOpenMetrics(accept = ''): boolean {
  let openMetrics = 0
  let plain = 0
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
    if (type === 'application/openmetrics-text') openMetrics = Math.max(openMetrics, weight)
    else if (type === 'text/plain') plain = Math.max(plain, weight)
  }
  return openMetrics > 0 && openMetrics >= plain
}

const units = ['seconds', 'bytes'] as const

function familyText(family: Family, format: ExpositionFormat): string {
  const { name, help, type, labels } = family
  const isOpen = format === 'openmetrics'
  // There the family is called without what its samples end in.
  const called = isOpen && type === 'counter' ? name.replace(/_total$/, '') : name
  let text = `# HELP ${called} ${helpText(help, isOpen)}\n# TYPE ${called} ${type}\n`
  const unit = units.find((each) => called.endsWith(`_${each}`))
  if (isOpen && unit) text += `# UNIT ${called} ${unit}\n`
  if (family.type === 'histogram') {
    const bounds = [...family.bounds.map((bound) => numberText(bound, isOpen)), '+Inf']
    for (const sample of family.samples) text += histogramText(name, labels, sample, bounds, isOpen)
  } else {
    for (const sample of family.samples) text += sampleText(name, labels, sample, isOpen)
  }
  return text
}

function sampleText(name: string, labels: readonly string[], sample: Sample, isOpen: boolean): string {
  const named = labelsText(labels, sample.labels)
  return `${name}${named && `{${named}}`} ${numberText(sample.value, isOpen)}\n`
}

function histogramText(
  name: string,
  labels: readonly string[],
  { labels: values, counts, sum }: HistogramSample,
  bounds: readonly string[],
  isOpen: boolean,
): string {
  const named = labelsText(labels, values)
  let text = ''
  let count = 0
  for (const [at, bound] of bounds.entries()) {
    count += counts[at] ?? 0
    text += `${name}_bucket{${named}${named && ','}le="${bound}"} ${count}\n`
  }
  const braces = named && `{${named}}`
  return `${text}${name}_sum${braces} ${numberText(sum, isOpen)}\n${name}_count${braces} ${count}\n`
}

function labelsText(labels: readonly string[], values: readonly string[]): string {
  return labels.map((label, at) => `${label}="${escaped(values[at] ?? '')}"`).join(',')
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}

function helpText(help: string, isOpen: boolean): string {
  return isOpen ? escaped(help) : help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

/** OpenMetrics writes numbers that need not be whole with a point. */
function numberText(value: number, isOpen: boolean): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  const text = String(value)
  return isOpen && /^-?\d+$/.test(text) ? `${text}.0` : text
}
