#!/usr/bin/env node
import { keepCompiledCode } from './cli/compiled-code.ts'

// Before anything else is loaded: only what comes after it is kept.
keepCompiledCode(import.meta.url)
const { runProgram } = await import('./cli/program.ts')
await runProgram(process.argv.slice(2))
