/** How soon a second Ctrl-C is still the same one: npm, its shell and we all get the first, and some pass it on. */
const sameInterruptMs = 1_000

/** Resolves when the process is asked to end, by a SIGHUP only where `onHangUp` says so. Whoever asks again, later than at once, is obeyed on the spot. */
export function stopAsked(
  target: Pick<NodeJS.Process, 'on' | 'exit'> = process,
  now: () => number = () => performance.now(),
  onHangUp: () => 'stop' | 'handled' = () => 'stop',
): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const onSignal = (signal: NodeJS.Signals) => {
      if (firstAt === undefined) {
        firstAt = now()
        resolve()
      } else if (signal === 'SIGINT' && now() - firstAt > sameInterruptMs) target.exit(130)
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) target.on(signal, onSignal)
    target.on('SIGHUP', (signal: NodeJS.Signals) => {
      if (onHangUp() === 'stop') onSignal(signal)
    })
  })
}
