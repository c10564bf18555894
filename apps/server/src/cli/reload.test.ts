import { once } from 'node:events'
import { expect, test } from 'vitest'
import { ConfigError } from '../config/config-error.ts'
import { testFolder } from '../config/test-folder.ts'
import { adminKey, startReloadRig } from '../reload/test-reload-rig.ts'
import { listening, startProgram } from '../test-program.ts'
import { reload } from './reload.ts'

const folder = testFolder()
const demo = (more = '') => `providers: { demo: { type: demo } }\n${more}`
const plain = { dryRun: false, newOrigins: false }

/** What the command says in this folder, and where it fails, why. */
const said = (port: number, asked = plain, env: Record<string, string> = { ADMIN_KEY: adminKey }) =>
  reload({ port }, asked, { env, cwd: folder.path() }).catch((error: unknown) => {
    if (error instanceof ConfigError) return error.problems.join('\n')
    throw error
  })

test('`dragoman reload` asks the running server, and tells what is otherwise', async () => {
  const rig = await startReloadRig(folder, demo())
  const { port } = rig.server
  await rig.write(demo('limits: { attempts: 4 }'))
  const changes = '  limits.attempts: 3 -> 4\n'
  const checked = 'The configuration is right, and nothing was changed.\n'
  expect(await said(port, { ...plain, dryRun: true })).toBe(checked + changes)
  expect(await said(port)).toBe(`The configuration was reloaded.\n${changes}`)
  expect(await said(port)).toBe('Nothing was changed.\n  Nothing is otherwise.\n')
  expect(await said(port, plain, { ADMIN_KEY: 'another-admin-key-of-ours' })).toContain('does not take the admin key')
  expect(await said(port, plain, {})).toContain('There is no admin key: neither ADMIN_KEY nor ')
  await rig.write(demo('limits: { atempts: 4 }'))
  expect(await said(port)).toMatch(/^dragoman\.yaml:3: limits.*atempts/)
  await rig.write(demo())
  await rig.server.stop()
  expect(await said(port)).toContain(`No server answers at http://127.0.0.1:${port}: start it`)
})

// A process of its own: the signal is one to a process.
test('SIGHUP has a server that runs without a terminal read its configuration anew', async () => {
  await folder.write('dragoman.yaml', demo('log: { format: json }'))
  await using program = startProgram(folder.path(), ['--port', '0'])
  await listening(program)
  await folder.write('dragoman.yaml', demo('log: { format: json }\nlimits: { attempts: 4 }'))
  program.child.kill('SIGHUP')
  while (!program.stdout.includes('limits.attempts: 3 -> 4')) {
    await Promise.race([once(program.child.stdout, 'data'), program.ended])
    expect(program.child.signalCode).toBeNull()
  }
  expect(JSON.parse(program.stdout)).toMatchObject({ level: 30, by: 'signal' })
})
