import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { counted, type Family, gauge } from './registry.ts'

const resolutionMs = 10

/** Of this process, from Node itself, under the names that everybody's dashboards know. */
export class ProcessMetrics {
  /** Begun when somebody looks for the first time: until then it costs nothing. */
  #delays: ReturnType<typeof monitorEventLoopDelay> | undefined
  #utilization = performance.eventLoopUtilization()

  get families(): readonly Family[] {
    const { user, system } = process.cpuUsage()
    const memory = process.memoryUsage()
    const handles = openHandles()
    return [
      counted('process_cpu_seconds_total', 'User and system CPU time.', [], [[(user + system) / 1e6]]),
      gauge(
        'process_start_time_seconds',
        'Start of the process since the Unix epoch.',
        [],
        [[Math.round(performance.timeOrigin) / 1_000]],
      ),
      gauge('process_resident_memory_bytes', 'Resident memory.', [], [[memory.rss]]),
      ...(handles === undefined ? [] : [gauge('process_open_fds', 'Open file descriptors.', [], [[handles]])]),
      gauge('nodejs_heap_size_total_bytes', 'Size of the heap.', [], [[memory.heapTotal]]),
      gauge('nodejs_heap_size_used_bytes', 'Used part of the heap.', [], [[memory.heapUsed]]),
      gauge('nodejs_external_memory_bytes', 'Memory of buffers and the like.', [], [[memory.external]]),
      gauge('nodejs_active_resources', 'What keeps the event loop alive, by type.', ['type'], activeResources()),
      ...this.#eventLoop(),
    ]
  }

  stop(): void {
    this.#delays?.disable()
  }

  #eventLoop(): readonly Family[] {
    const before = this.#utilization
    this.#utilization = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(this.#utilization, before)
    const delays = this.#delays
    if (!delays) {
      this.#delays = monitorEventLoopDelay({ resolution: resolutionMs })
      this.#delays.enable()
    }
    // What is measured is the time between two looks, of which the wanted one is no delay.
    const lag = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1e3) || 0
    const rows = delays
      ? ([
          ['mean', lag(delays.mean)],
          ['p50', lag(delays.percentile(50))],
          ['p99', lag(delays.percentile(99))],
          ['max', lag(delays.max)],
        ] as const)
      : []
    delays?.reset()
    return [
      gauge('nodejs_eventloop_utilization', 'Busy part of the time since the last look, 0 to 1.', [], [[utilization]]),
      gauge('nodejs_eventloop_lag_seconds', 'Delay of the event loop since the last look.', ['of'], rows),
    ]
  }
}

/** Only where the system shows them as files. */
function openHandles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1 // the folder itself is open while it is read
  } catch {
    return undefined // not Linux
  }
}

function activeResources(): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1)
  return [...counts]
}
