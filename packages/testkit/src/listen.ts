import type { Server } from 'node:net'

/** Listens on 127.0.0.1 at a port that the system chooses, and gives that port. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('A TCP server without a port')
  return address.port
}
