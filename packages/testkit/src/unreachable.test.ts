import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { blackHole, closedPort } from './unreachable.ts'

test('a closed port refuses', async () => {
  const socket = connect(await closedPort(), '127.0.0.1')
  const error = await new Promise((resolve) => socket.once('error', resolve))
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
})

test('connecting to a black hole neither succeeds nor fails', async () => {
  await using hole = await blackHole()
  const socket = connect(hole.port, '127.0.0.1')
  const outcome = new Promise<string>((resolve) => {
    socket.once('connect', () => resolve('connected'))
    socket.once('error', () => resolve('refused'))
  })
  // On loopback an answer comes within the same turn: a round trip to a server that does answer is proof of waiting.
  for (let i = 0; i < 20; i++) await closedPort().then(refused)
  await expect(Promise.race([outcome, Promise.resolve('hangs')])).resolves.toBe('hangs')
  expect(socket.connecting).toBe(true)
  socket.destroy()
})

function refused(port: number): Promise<unknown> {
  return new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve))
}
