import type { ShownExplanation, ShownTarget } from '../routes/explain.ts'

const reasons: Readonly<Record<ShownExplanation['resolvedBy'], string>> = {
  group: 'a model group',
  alias: 'by an alias',
  provider: 'a model of a provider',
  wildcard: 'by a wildcard',
  listed: 'listed by a provider',
  suffix: 'by its suffix',
  default: 'the default, because nothing is called so',
}

/** An explanation for people: a table of the targets in their order, and below it what has to be said about some. */
export function explanationText(explanation: ShownExplanation): string {
  const { asked, name, resolvedBy, variant, strategy, isDenied, healthy, targets, fallbacks } = explanation
  const means = asked === name ? asked : `${asked} -> ${name}`
  const why = variant === undefined ? reasons[resolvedBy] : `${reasons[resolvedBy]}, variant ${variant}`
  const notes = [
    ...(isDenied ? ['The key may not use this model: a request is refused with 403.'] : []),
    ...targets.flatMap((target, index) => notesOn(target).map((note) => `${index + 1}: ${note}`)),
    ...fallbacks.flatMap(({ name, isKnown }) => (isKnown ? [] : [`The fallback ${name} means nothing at the moment.`])),
    ...policyNotes(explanation),
  ]
  const lines = [
    `${means} (${why}), strategy ${strategy}, ${healthy} of ${targets.length} targets well`,
    '',
    ...table([
      ['', 'target', 'state', 'calls', 'first token', 'weight', 'price', 'credentials'],
      ...targets.map((target, index) => [String(index + 1), ...cells(target)]),
    ]),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ]
  return `${lines.join('\n')}\n`
}

function cells({ provider, model, state, inFlight, firstTokenMs, weight, price, credentials }: ShownTarget): string[] {
  const { ready, cooling, disabled } = credentials
  const counts = [`${ready} ready`, cooling > 0 && `${cooling} cooling`, disabled > 0 && `${disabled} disabled`]
  return [
    `${provider}/${model}`,
    state,
    String(inFlight),
    firstTokenMs === undefined ? '-' : `${firstTokenMs} ms`,
    String(weight),
    price ? `$${price.input} in, $${price.output} out` : 'unknown',
    counts.filter(Boolean).join(', '),
  ]
}

function notesOn(target: ShownTarget): string[] {
  const { fallback, state, reason, until, lastError, credentials, parsedBecause, isPermitted } = target
  const last = lastError ? `; last failure ${lastError.code} at ${lastError.at}` : ''
  const { earliest, out } = credentials
  return [
    ...(fallback === undefined
      ? []
      : [`stands in from ${fallback}${isPermitted ? '' : ', which the key may not use'}`]),
    ...(state === 'resting' ? [`rests until ${until}: ${reason}${last}`] : []),
    ...(state === 'probing' ? [`one request is trying whether it works again: ${reason}${last}`] : []),
    ...(state === 'due' ? [`the next request that begins with it tries whether it works again: ${reason}${last}`] : []),
    ...(earliest === undefined ? [] : [`no credential before ${earliest}`]),
    ...out.map(({ id, state, reason, until }) => {
      return `${id} is ${state}${reason ? `: ${reason}` : ''}${until === undefined ? '' : `, until ${until}`}`
    }),
    ...(parsedBecause === undefined ? [] : [`answers are parsed: ${parsedBecause}`]),
  ]
}

function policyNotes({ policies }: ShownExplanation): string[] {
  const { onContextTooLong, hedgeAfterMs, continuesCutText, cache } = policies
  return [
    ...(onContextTooLong === undefined ? [] : [`What is too long for it goes to ${onContextTooLong}.`]),
    ...(hedgeAfterMs === undefined
      ? []
      : [`After ${hedgeAfterMs} ms without output a second target is asked as well.`]),
    ...(continuesCutText ? ['A stream of plain text that is cut goes on with another call.'] : []),
    ...(cache ? ['Answers are kept, and given again for the same request.'] : []),
  ]
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
