import { ConfigError } from '../config/config-error.ts'
import { version } from '../version.ts'
import { parseArguments, usage } from './arguments.ts'

/** Does what the arguments ask for, and ends the process. */
export async function runProgram(argv: readonly string[]): Promise<never> {
  try {
    await obey(argv)
    // A pipe takes 64 KiB at a time, and what it has not taken ends with the process.
    await new Promise((resolve) => process.stdout.write('', resolve))
    process.exit()
  } catch (error) {
    // What the operator can mend is said in his words; anything else is a fault of ours and keeps its stack.
    const told = error instanceof ConfigError ? error.problems.join('\n') : error instanceof Error ? error.stack : error
    process.stderr.write(`${told}\n`)
    process.exit(1)
  }
}

async function obey(argv: readonly string[]): Promise<void> {
  const command = parseArguments(argv)
  if (command.name !== 'start') process.stdout.on('error', endWithReader)
  switch (command.name) {
    case 'help':
      process.stdout.write(command.text ?? usage)
      return
    case 'version':
      process.stdout.write(`${version}\n`)
      return
    case 'config':
      return (await import('./config.ts')).config(command.action, command.flags)
    case 'reload':
      process.stdout.write(await (await import('./reload.ts')).reload(command.flags, command))
      return
    case 'explain':
      return (await import('./explain.ts')).explain(command.options, command.flags)
    case 'keys':
      return (await import('./keys.ts')).keys(command.command, command.flags)
    case 'reconcile':
      if (!(await (await import('./reconcile.ts')).reconcile(command.options, command.flags))) process.exitCode = 1
      return
    case 'start':
      return (await import('./start.ts')).start(command.flags)
  }
}

/** Whoever reads our output has enough of it (`| head`). */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}
