#!/usr/bin/env node
import { parseArguments, usage } from './cli/arguments.ts'
import { ConfigError } from './config/config-error.ts'
import { version } from './version.ts'

async function main(argv: readonly string[]): Promise<void> {
  const command = parseArguments(argv)
  switch (command.name) {
    case 'help':
      process.stdout.write(usage)
      return
    case 'version':
      process.stdout.write(`${version}\n`)
      return
    case 'config':
      return (await import('./cli/config.ts')).config(command.action, command.flags)
    case 'start':
      return (await import('./cli/start.ts')).start(command.flags)
  }
}

try {
  await main(process.argv.slice(2))
  process.exit()
} catch (error) {
  // What the operator can mend is said in his words; anything else is a fault of ours and keeps its stack.
  const told = error instanceof ConfigError ? error.problems.join('\n') : error instanceof Error ? error.stack : error
  process.stderr.write(`${told}\n`)
  process.exit(1)
}
