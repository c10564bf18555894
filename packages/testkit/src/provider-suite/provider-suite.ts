import type { ProviderFactory } from '@dragoman/core'
import { describe } from 'vitest'
import { type FixtureCase, isEventStream, loadFixtures } from '../fixture.ts'
import { canary } from '../secrets.ts'
import { testCalls } from './calls.ts'
import { type Decode, testCase } from './cases.ts'
import { type ProviderSetup, startRig } from './rig.ts'
import { testSecrets } from './secrets-stay.ts'
import type { Difference, StatusCheckName } from './status-checks.ts'
import { testStatuses } from './statuses.ts'
import { testTrouble } from './trouble.ts'

export interface ProviderSuiteOptions<Input> extends ProviderSetup<Input> {
  /** The stem of a case that streams an ordinary answer, to be broken in all ways. Default: the first that streams. */
  readonly ordinary?: string
  /** The provider's own decoder of a streamed body, in process: it is fed every cut of every streamed case. */
  readonly decode?: Decode
  readonly differs?: Partial<Readonly<Record<StatusCheckName, Difference>>>
}

/**
 * What every provider promises, as tests: its fixture cases give what their snapshots say, however the response is
 * cut, and trouble on the wire gives the right error, a closed socket and no secret in sight.
 *
 *     testProvider(acme, new URL('../fixtures/', import.meta.url))
 */
export function testProvider<Options, Input>(
  factory: ProviderFactory<Options, Input>,
  folder: URL,
  options: ProviderSuiteOptions<Input> = {},
): void {
  const { values = { apiKey: canary('apiKey') }, decode, differs = {} } = options
  const cases = loadFixtures(folder)
  const ordinary = ordinaryCase(cases, options.ordinary)
  const start = (fixture: FixtureCase, elsewhere?: string) =>
    startRig(factory, { ...options, values }, fixture, elsewhere)

  describe(`provider ${factory.id}`, () => {
    describe.each(cases)('$name', (fixture) => testCase(fixture, () => start(fixture), decode))
    describe('a call', () => testCalls(ordinary, () => start(ordinary)))
    describe('a failing upstream', () => testTrouble(ordinary, (elsewhere) => start(ordinary, elsewhere)))
    describe('an answer that is an error', () => testStatuses(ordinary, () => start(ordinary), differs))
    describe('secrets', () => testSecrets(ordinary, () => start(ordinary)))
  })
}

function ordinaryCase(cases: readonly FixtureCase[], name: string | undefined): FixtureCase {
  const found = cases.find((fixture) => {
    const last = fixture.responses.at(-1)
    return name === undefined ? last !== undefined && isEventStream(last) : fixture.name === name
  })
  if (!found) throw new Error(name === undefined ? 'No fixture case is a stream' : `No fixture case ${name}`)
  return found
}
