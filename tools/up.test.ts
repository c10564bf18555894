import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exitCode } from './up/child.mjs'
import { fingerprint, whatToInstall } from './up/install.mjs'
import { withLock } from './up/lock.mjs'
import { cleanEnvironment, workingDirectory } from './up/surroundings.mjs'
import { fits } from './up/toolchain.mjs'

const tools = dirname(fileURLToPath(import.meta.url))

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'up-')))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** A program that `up.mjs` finds on PATH. */
function program(name: string, script: string): void {
  write(`bin/${name}`, `#!/bin/sh\n${script}\n`)
  chmodSync(join(root, 'bin', name), 0o755)
}

function writeStamp(set: 'server' | 'all', print = fingerprint(root, process.version), folders: string[] = []): void {
  write('node_modules/.up.json', JSON.stringify({ set, fingerprint: print, folders }))
}

/** A workspace in which everything is installed: `server` stands in for the server, `vitest` for vitest. */
function installedTree({ server = '', vitest = '' } = {}): void {
  for (const name of ['up.mjs', 'up', 'node/package.json', 'node/package-lock.json', 'pnpm/package-lock.json']) {
    cpSync(join(tools, name), join(root, 'tools', name), { recursive: true })
  }
  write('package.json', '{ "type": "module" }')
  write('apps/server/src/main.ts', server)
  write('node_modules/vitest/vitest.mjs', vitest)
  writeStamp('all')
}

const up = (...args: string[]) => [join(root, 'tools', 'up.mjs'), ...args]

function runUp(args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  return spawnSync(process.execPath, up(...args), { cwd: root, encoding: 'utf8', ...options })
}

// A server that says what reaches it and takes its time to end, as one with open streams does.
const GRACEFUL = `
const seen = []
const end = () => { console.log(JSON.stringify(seen)); process.exit(0) }
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { seen.push(signal); setTimeout(end, 100) })
setInterval(() => {}, 1000)
console.log('ready')`

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output to read')
  const lines = createInterface({ input: child.stdout })
  const [line] = await once(lines, 'line')
  child.stdout.resume()
  return String(line)
}

async function outputUntilEnd(child: ChildProcess): Promise<{ output: string; code: number | null }> {
  let output = ''
  child.stdout?.on('data', (bytes) => {
    output += bytes
  })
  const [code] = await once(child, 'close')
  return { output, code }
}

test('start hands its arguments to the server, in the folder in which npm was called', () => {
  installedTree({ server: 'console.log(JSON.stringify([process.cwd(), process.argv.slice(2), process.execArgv[1]]))' })
  const elsewhere = join(root, 'apps')
  const { stdout, status } = runUp(['start', '--port', '9000', '--config', 'a b.yaml'], {
    env: { ...process.env, INIT_CWD: elsewhere },
  })
  expect(JSON.parse(stdout)).toEqual([elsewhere, ['--port', '9000', '--config', 'a b.yaml'], 'dragoman-source'])
  expect(status).toBe(0)
})

test('an INIT_CWD that an npm further out left behind does not move a command that was started elsewhere', () => {
  expect(workingDirectory('/repo', '/repo', { INIT_CWD: '/home/me' })).toBe('/home/me')
  expect(workingDirectory('/repo', '/tmp/work', { INIT_CWD: '/home/me' })).toBe('/tmp/work')
  expect(workingDirectory('/repo', '/repo', {})).toBe('/repo')
})

test('up ends with the code of the program', () => {
  installedTree({ server: 'process.exit(7)', vitest: 'console.log(process.argv.slice(2).join()); process.exit(3)' })
  expect(runUp(['start']).status).toBe(7)
  expect(runUp(['test', 'packages/core', '-t', 'x'])).toMatchObject({ status: 3, stdout: 'run,packages/core,-t,x\n' })
})

test('a warm run asks no other program, neither npm nor pnpm', () => {
  installedTree({ server: 'console.log("up")' })
  expect(runUp(['start'], { env: { PATH: '' } })).toMatchObject({ status: 0, stdout: 'up\n', stderr: '' })
})

test('Ctrl-C in a terminal reaches the server once, and up waits for its end and is content', async () => {
  installedTree({ server: GRACEFUL })
  const child = spawn(process.execPath, up('start'), {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  expect(await firstLine(child)).toBe('ready')
  process.kill(-Number(child.pid), 'SIGINT') // as a terminal does: the whole group
  expect(await outputUntilEnd(child)).toEqual({ output: '["SIGINT"]\n', code: 0 })
})

test.each(['SIGTERM', 'SIGHUP'] as const)('%s to up alone is passed on', async (signal) => {
  installedTree({ server: GRACEFUL })
  const child = spawn(process.execPath, up('start'), { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  expect(await firstLine(child)).toBe('ready')
  child.kill(signal)
  expect(await outputUntilEnd(child)).toEqual({ output: `["${signal}"]\n`, code: 0 })
})

test('the server ends when the npm that started it is gone', async () => {
  installedTree({ server: GRACEFUL })
  // The shell stays between us and up.mjs, as npm's does.
  const script = `"${process.execPath}" ${up('start').join(' ')}; true`
  const npm = spawn('sh', ['-c', script], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  expect(await firstLine(npm)).toBe('ready')
  npm.kill('SIGKILL')
  // "close" comes when the last process that writes here has ended.
  expect(await outputUntilEnd(npm)).toMatchObject({ output: '["SIGTERM"]\n' })
})

test('only a server that was told to stop ends well by a signal', () => {
  const told = new Set(['SIGTERM'])
  expect(exitCode({ code: null, signal: 'SIGTERM', told }, { calm: true })).toBe(0)
  expect(exitCode({ code: null, signal: 'SIGTERM', told: new Set() }, { calm: true })).toBe(143)
  expect(exitCode({ code: null, signal: 'SIGKILL', told }, { calm: true })).toBe(137)
  expect(exitCode({ code: 1, signal: null, told }, { calm: true })).toBe(1)
})

test('a test run that was stopped has not passed', () => {
  expect(exitCode({ code: null, signal: 'SIGTERM', told: new Set(['SIGTERM']) }, { calm: false })).toBe(143)
})

test('any other word is a script of package.json', () => {
  installedTree()
  program('pnpm', 'if [ "$1" = --version ]; then echo 12.4.2; else echo "$@"; fi')
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}` }
  expect(runUp(['lint', '--x'], { env })).toMatchObject({ status: 0, stdout: 'run lint --x\n' })
  expect(runUp(['exec', 'biome', 'ci'], { env })).toMatchObject({ status: 0, stdout: 'exec biome ci\n' })
})

test('--help names the commands and installs nothing', () => {
  installedTree()
  rmSync(join(root, 'node_modules'), { recursive: true })
  const { stdout, status } = runUp(['--help'], { env: { PATH: '' } })
  expect(stdout).toMatch(/start .*test .*install .*exec /s)
  expect(status).toBe(0)
  expect(existsSync(join(root, 'node_modules'))).toBe(false)
})

test('without npm the message says what to install', () => {
  installedTree()
  const { stderr, status } = runUp(['install'], { env: { PATH: join(root, 'bin') } })
  expect(stderr).toContain('npm is not on this machine')
  expect(stderr).not.toContain(' at ') // no stack
  expect(status).toBe(1)
})

test('a registry that cannot be reached is named, and nothing is taken for installed', () => {
  installedTree()
  program('npm', 'echo "npm error code ECONNREFUSED" >&2; exit 1')
  const { stderr, status } = runUp(['install'], { env: { PATH: `${join(root, 'bin')}:/usr/bin:/bin` } })
  expect(stderr).toContain('The npm registry cannot be reached')
  expect(status).toBe(1)
  expect(existsSync(join(root, '.up.lock'))).toBe(false)
})

test('the settings of an npm further out are left out, but for where to fetch from', () => {
  const outer = {
    npm_config_registry: 'r',
    npm_config_global: 'true',
    npm_lifecycle_event: 'start',
    INIT_CWD: '/',
    A: 'b',
  }
  const { npm_config_registry, A, ...rest } = cleanEnvironment(outer)
  expect({ npm_config_registry, A }).toEqual({ npm_config_registry: 'r', A: 'b' })
  expect(rest).not.toHaveProperty('npm_config_global')
  expect(rest).not.toHaveProperty('npm_lifecycle_event')
  expect(rest).not.toHaveProperty('INIT_CWD')
})

test.each([
  ['v18.20.0', false],
  ['v20.20.2', false],
  ['v22.18.0', false],
  ['v22.19.0', true],
  ['v23.11.0', false],
  ['v24.10.0', false],
  ['v24.11.0', true],
  ['v26.0.0', true],
])('Node %s fits: %s', (version, does) => {
  expect(fits(version)).toBe(does)
})

test('a fresh tree gets what the command needs and no more', () => {
  expect(whatToInstall(root, 'server', 'v26.0.0')).toBe('server')
  expect(whatToInstall(root, 'all', 'v26.0.0')).toBe('all')
})

test('everything installed serves the server too, but not the other way round', () => {
  writeStamp('all')
  expect(whatToInstall(root, 'server', process.version)).toBe('ready')
  expect(whatToInstall(root, 'all', process.version)).toBe('ready')
  writeStamp('server')
  expect(whatToInstall(root, 'server', process.version)).toBe('ready')
  expect(whatToInstall(root, 'all', process.version)).toBe('all')
})

test('an installation of everything is never cut down to the server', () => {
  writeStamp('all', 'of another lock file')
  expect(whatToInstall(root, 'server', process.version)).toBe('all')
})

test('what was installed by hand is never cut down to the server', () => {
  write('node_modules/.modules.yaml', '{ "included": { "devDependencies": true } }')
  expect(whatToInstall(root, 'server', process.version)).toBe('all')
  writeStamp('server', 'of another lock file')
  expect(whatToInstall(root, 'server', process.version)).toBe('all')
})

test('a server-only installation stays one when the lock file changes', () => {
  writeStamp('server', 'of another lock file')
  expect(whatToInstall(root, 'server', process.version)).toBe('server')
})

test('an installation that was broken off is done again', () => {
  writeStamp('server', '')
  expect(whatToInstall(root, 'server', process.version)).toBe('server')
  writeStamp('all', '')
  expect(whatToInstall(root, 'server', process.version)).toBe('all')
})

test.each([
  ['pnpm-lock.yaml'],
  ['pnpm-workspace.yaml'],
  ['package.json'],
  ['packages/core/package.json'],
  ['apps/server/package.json'],
])('a change in %s makes the installation stale', (file) => {
  write(file, 'before')
  writeStamp('all')
  expect(whatToInstall(root, 'all', process.version)).toBe('ready')
  write(file, 'after')
  expect(whatToInstall(root, 'all', process.version)).toBe('all')
})

test('another Node major makes the installation stale, another minor does not', () => {
  writeStamp('all', fingerprint(root, 'v26.1.0'))
  expect(whatToInstall(root, 'all', 'v26.2.0')).toBe('ready')
  expect(whatToInstall(root, 'all', 'v24.11.0')).toBe('all')
})

test('the missing node_modules of one package is noticed', () => {
  write('packages/core/package.json', '{}')
  mkdirSync(join(root, 'packages/core/node_modules'))
  writeStamp('all', fingerprint(root, process.version), ['packages/core/node_modules'])
  expect(whatToInstall(root, 'all', process.version)).toBe('ready')
  rmSync(join(root, 'packages/core/node_modules'), { recursive: true })
  expect(whatToInstall(root, 'all', process.version)).toBe('all')
})

test('the lock is held during the work and let go after it, also when it fails', async () => {
  const lock = join(root, 'lock')
  await withLock(lock, async () => expect(readFileSync(join(lock, 'pid'), 'utf8')).toBe(String(process.pid)))
  expect(existsSync(lock)).toBe(false)
  await expect(withLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(existsSync(lock)).toBe(false)
})

test('the lock of a dead process is taken over', async () => {
  const { pid } = spawnSync('true')
  write('lock/pid', String(pid))
  expect(await withLock(join(root, 'lock'), async () => 'done')).toBe('done')
})

test('a second run says for whom it waits, and works when that one is done', async () => {
  const lock = join(root, 'lock')
  const said: string[] = []
  const order: string[] = []
  let second: Promise<void> | undefined
  await withLock(lock, async () => {
    await new Promise<void>((resolve) => {
      const say = (line: string) => {
        said.push(line)
        resolve()
      }
      second = withLock(lock, async () => void order.push('second'), { say, pollMs: 5 })
    })
    order.push('first')
  })
  await second
  expect(order).toEqual(['first', 'second'])
  expect(said).toEqual([expect.stringContaining(`process ${process.pid}`)])
})

test('of several processes that find the lock of a dead one, one works at a time', async () => {
  const { pid } = spawnSync('true')
  write('lock/pid', String(pid))
  const script = `
    import { appendFileSync } from 'node:fs'
    import { setTimeout } from 'node:timers/promises'
    import { withLock } from ${JSON.stringify(join(tools, 'up/lock.mjs'))}
    await withLock(${JSON.stringify(join(root, 'lock'))}, async () => {
      appendFileSync(${JSON.stringify(join(root, 'log'))}, 'in ')
      await setTimeout(10)
      appendFileSync(${JSON.stringify(join(root, 'log'))}, 'out ')
    }, { pollMs: 1 })`
  const workers = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }),
  )
  await Promise.all(workers.map((worker) => once(worker, 'close')))
  expect(readFileSync(join(root, 'log'), 'utf8')).toBe('in out '.repeat(4))
})
