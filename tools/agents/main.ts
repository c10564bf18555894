// Real coding agents do a small task through Dragoman, over upstreams that are scripted. CONTRIBUTING.md says how to
// start it. Nothing here runs with the tests: the agents are 1.3 GB.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Agent } from './agent.ts'
import { chat, chatInTrouble, kimiMarkup } from './chat-wordings.ts'
import { claudeCode } from './claude-code.ts'
import { codex } from './codex.ts'
import { install } from './install.ts'
import { messages } from './messages-wording.ts'
import { opencode } from './opencode.ts'
import { qwenCode } from './qwen-code.ts'
import { type Outcome, runAgent } from './run-agent.ts'
import type { Wording } from './wording.ts'

const agents: readonly Agent[] = [codex, claudeCode, opencode, qwenCode]

const wordings: readonly Wording[] = [chat, chatInTrouble, kimiMarkup, messages]

const USAGE = `Usage: tools/agents/main.ts [agent...] [--folder <path>]

  agents         ${agents.map(({ id }) => id).join(', ')}; without any, all of them
  --folder       where they are installed, and what was said is kept; without it, a temporary folder that is removed
`

/** The rest is in the run's folder. */
const longestProblem = 1_500

const say = (line: string) => process.stdout.write(`${line}\n`)

process.exitCode = await main()

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { folder: { type: 'string' }, help: { type: 'boolean' }, sealed: { type: 'boolean' } },
  })
  const unknown = positionals.filter((id) => !agents.some((agent) => agent.id === id))
  if (values.help || unknown.length > 0) {
    process.stdout.write(USAGE)
    return values.help ? 0 : 2
  }
  const chosen = agents.filter(({ id }) => positionals.length === 0 || positionals.includes(id))
  if (values.sealed && values.folder) return runAll(chosen, values.folder)

  const folder = values.folder ? resolve(values.folder) : realpathSync(mkdtempSync(join(tmpdir(), 'dragoman-agents-')))
  try {
    for (const agent of chosen) install(agent, folder)
    return sealedOff(chosen, folder) ?? (await runAll(chosen, folder))
  } finally {
    if (values.folder) say(`What was said is in ${folder}`)
    else rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The runs in a process that has loopback and no other network, where the system has such: its exit code. */
function sealedOff(chosen: readonly Agent[], folder: string): number | undefined {
  const inside = ['-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
  if (spawnSync('unshare', [...inside, 'true'], { stdio: 'ignore' }).status !== 0) {
    say('There is no network namespace to be had here: a proxy that refuses is all that holds the agents to loopback.')
    return undefined
  }
  const again = [process.execPath, ...process.execArgv, import.meta.filename, '--sealed', '--folder', folder]
  const { status } = spawnSync('unshare', [...inside, ...again, ...chosen.map(({ id }) => id)], { stdio: 'inherit' })
  return status ?? 1
}

async function runAll(chosen: readonly Agent[], folder: string): Promise<number> {
  let failed = 0
  for (const agent of chosen) {
    const installed = install(agent, folder)
    for (const model of agent.models) {
      for (const wording of wordings) {
        const what = `${agent.id} ${agent.version} (${agent.speaks}, ${model}) over ${wording.id}`
        try {
          if (!tell(what, await runAgent({ agent, model, wording, installed, folder }))) failed++
        } catch (error) {
          failed++
          say(`FAILED ${what}: ${error instanceof Error ? error.message : error}`)
        }
      }
    }
  }
  say(failed > 0 ? `${failed} failed` : 'All of them did the task')
  return failed > 0 ? 1 : 0
}

/** @returns whether all was well */
function tell(what: string, { problems, requests, refusedHosts, isRelayed, ms }: Outcome): boolean {
  const isWell = problems.length === 0
  const how = `${requests} requests, ${isRelayed ? 'relayed, ' : ''}${(ms / 1_000).toFixed(1)} s`
  say(`${isWell ? 'ok    ' : 'FAILED'} ${what}: ${how}`)
  for (const problem of problems) say(`       - ${problem.slice(0, longestProblem)}`)
  for (const line of refusedHosts) say(`       it tried to reach ${line}`)
  return isWell
}
