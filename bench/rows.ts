import type { MeasurementName } from './measurements.ts'
import type { Lane } from './targets.ts'

/** A line of the table. */
export interface Row {
  readonly id: string
  readonly title: string
  readonly measurement: MeasurementName
  readonly lane: Lane
  /** Which value of the measurement. */
  readonly value: string
  readonly unit: string
  readonly as: 'ratio' | 'absolute'
  readonly isBetter: 'lower' | 'higher'
  /** Default: the median. */
  readonly judgedBy?: 'worst'
  readonly goal?: number
  readonly must?: number
}

const ratio = { lane: 'relayed', value: 'cpuMicros', unit: 'µs', as: 'ratio', isBetter: 'lower' } as const

export const rows: readonly Row[] = [
  {
    ...ratio,
    id: 'whole-cpu',
    title: 'whole answer 1 KB, 32 connections: CPU per request',
    measurement: 'whole-1k',
    goal: 1,
    must: 1.25,
  },
  {
    ...ratio,
    id: 'whole-rate',
    title: 'the same: requests per second',
    measurement: 'whole-1k',
    value: 'perSecond',
    unit: '/s',
    isBetter: 'higher',
    goal: 0.9,
    must: 0.7,
  },
  {
    ...ratio,
    id: 'whole-100k-cpu',
    title: 'whole answer 100 KB, 16 connections: CPU per request',
    measurement: 'whole-100k',
    goal: 1.25,
    must: 1.6,
  },
  {
    ...ratio,
    id: 'relayed',
    title: 'relayed stream: CPU per chunk',
    measurement: 'paced',
    goal: 1.1,
    must: 1.25,
  },
  {
    ...ratio,
    id: 'parsed',
    title: 'parsed stream: CPU per chunk',
    measurement: 'paced',
    lane: 'parsed',
    goal: 1.25,
    must: 1.45,
  },
  {
    ...ratio,
    id: 'messages',
    title: 'stream translated to Messages: CPU per chunk',
    measurement: 'paced',
    lane: 'messages',
    goal: 1.45,
    must: 1.7,
  },
  {
    ...ratio,
    id: 'responses',
    title: 'stream translated to Responses: CPU per chunk',
    measurement: 'paced',
    lane: 'responses',
    goal: 1.45,
    must: 1.7,
  },
  { ...ratio, id: 'burst-relayed', title: 'relayed burst: CPU per chunk', measurement: 'burst' },
  { ...ratio, id: 'burst-parsed', title: 'parsed burst: CPU per chunk', measurement: 'burst', lane: 'parsed' },
  {
    ...ratio,
    id: 'memory',
    title: '1000 open streams: growth of RSS',
    measurement: 'open-streams',
    value: 'rssGrowthMiB',
    unit: 'MiB',
    goal: 1.25,
    must: 1.6,
  },
  {
    ...ratio,
    id: 'start',
    title: 'cold start to the first served request',
    measurement: 'start',
    value: 'startMs',
    unit: 'ms',
    goal: 3.3,
    must: 5,
  },
  {
    ...ratio,
    id: 'cut',
    title: 'upstream streams cut within 0.8 s after 50 clients left',
    measurement: 'open-streams',
    value: 'cut',
    unit: 'of 50',
    as: 'absolute',
    isBetter: 'higher',
    judgedBy: 'worst',
    goal: 50,
    must: 50,
  },
  {
    ...ratio,
    id: 'stalled',
    title: '20 stalled readers x 24 MiB: growth of RSS',
    measurement: 'stalled',
    value: 'rssGrowthMiB',
    unit: 'MiB',
    as: 'absolute',
    goal: 40,
    must: 80,
  },
]
