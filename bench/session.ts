import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Endpoint } from './client-request.ts'
import { closedLoop, openStreams, sample } from './load.ts'
import type { Measurement, Outcome, Scale } from './measurements.ts'
import { type Cores, type How, takeCores } from './processes.ts'
import { startUpstream } from './start-upstream.ts'
import {
  endpointOf,
  type Lane,
  lanes,
  makeTarget,
  type Served,
  startOnFreePort,
  type Target,
  type TargetName,
} from './targets.ts'

/** A target that is kept running from round to round. */
export interface Contestant {
  readonly target: Target
  /** Undefined where nothing stands between load and upstream. */
  readonly served: Served | undefined
}

/** The fake upstream, and whatever is started to stand before it. */
export interface Session {
  readonly cores: Cores | undefined
  measure(contestant: Contestant, measurement: Measurement, lane: Lane, scale: Scale): Promise<Outcome>
  /** Throws where the target cannot be made ready. */
  make(name: TargetName): Target
  /** Starts a target and warms it up. Throws where it does not come up, or answers wrongly. */
  enter(target: Target): Promise<Contestant>
}

/** Everything that it starts ends with this process. Throws where the load and the upstream do not get on. */
export async function openSession({ isSource }: { isSource: boolean }): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const cores = takeCores()
  const how = (name: string, core: number | undefined): How => ({ core, log: join(folder, `${name}.log`), cwd: folder })
  const upstream = await startUpstream(how('upstream', cores?.load))
  const surroundings = { upstreamPort: upstream.port, folder, isSource }
  const make = (name: TargetName) => makeTarget(name, surroundings)
  const start = (target: Target) => startOnFreePort(target, how(target.name, cores?.target))

  await warmUp({ target: make('direct'), served: undefined }, { ms: 500, times: 1 })

  return {
    cores,
    make,
    async enter(target) {
      const contestant = { target, served: await start(target) }
      await warmUp(contestant, { ms: 8000, times: 4 })
      return contestant
    },
    async measure(contestant, { isFresh, run }, lane, scale) {
      const { target } = contestant
      const served = isFresh ? await start(target) : contestant.served
      try {
        return await run(
          {
            endpoint: endpointOf(target, lane, served?.port ?? upstream.port),
            pid: served?.running.pid,
            startMs: served?.startMs ?? 0,
            upstream: upstream.stats,
          },
          scale,
        )
      } finally {
        served?.running.emptyLog()
        if (isFresh) await served?.running.stop()
        await upstream.idle()
      }
    },
  }

  /** So that no round pays for the compiler. Throws where an answer is wrong. */
  async function warmUp({ target, served }: Contestant, { ms, times }: { ms: number; times: number }): Promise<void> {
    for (const lane of target.lanes ? lanes : (['relayed'] as const)) {
      const endpoint = endpointOf(target, lane, served?.port ?? upstream.port)
      let fault = await shortAnswers(endpoint, ms)
      for (let i = 0; i < times && !fault; i++) {
        const asked = { chunks: 60, chars: 24, everyMs: 20 }
        const streamed = await openStreams(endpoint, { streams: 400, rampMs: 200, asked })
        fault = streamed.wrong.first
      }
      if (fault) throw new Error(`${target.name}, ${lane}, answered wrongly while it was warmed up: ${fault}`)
    }
  }
}

/** Returns what was wrong. */
async function shortAnswers(endpoint: Endpoint, ms: number): Promise<string | undefined> {
  if (endpoint.dialect === 'chat') {
    await sample(endpoint, { kib: 100 })
    return (await closedLoop(endpoint, { connections: 16, ms, asked: { kib: 1 } })).wrong.first
  }
  // Whole answers are measured in Chat Completions only; to open a stream is part of every lane.
  let fault: string | undefined
  for (let left = ms; left > 0 && !fault; left -= 1000) {
    fault = (await openStreams(endpoint, { streams: 1000, rampMs: 1000, asked: { chunks: 2 } })).wrong.first
  }
  return fault
}
