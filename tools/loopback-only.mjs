// @ts-check
// Tests talk to servers that they started themselves, on loopback. Any other address fails as on a machine without a
// network, at once and with its name in the error, so that no test comes to depend on the world unnoticed.
import { Socket } from 'node:net'

const LOOPBACK = /^(localhost|.*\.localhost|127\..*|::1|::ffff:127\..*|0\.0\.0\.0|::)$/i

const connect = Socket.prototype.connect

/** @type {(this: Socket, ...args: any[]) => Socket} */
Socket.prototype.connect = function (...args) {
  const { options, listener } = readArguments(args)
  // A path is a Unix socket or a pipe; no host is localhost.
  if (options.path || !options.host || LOOPBACK.test(options.host)) return Reflect.apply(connect, this, args)

  const error = Object.assign(new Error(`Tests stay on loopback: refused to connect to ${options.host}`), {
    code: 'ENETUNREACH',
    syscall: 'connect',
  })
  // Failing in the look-up, which an address in digits would not get, takes the way of any other failure to connect.
  // A look-up of the caller's own is asked: undici gives a name for the certificate and leads it to an address itself.
  const { host, lookup: own } = options
  /** @type {import('node:net').LookupFunction} */
  const lookup = (_host, how, done) => {
    if (!own) return process.nextTick(done, error)
    own(host, how, (failure, found, family) => {
      const addresses = typeof found === 'string' ? [found] : (found ?? []).map(({ address }) => address)
      if (failure || addresses.every((address) => LOOPBACK.test(address))) done(failure, found, family)
      else done(error, '')
    })
  }
  return Reflect.apply(connect, this, [{ ...options, host: 'refused.invalid', lookup }, listener])
}

/**
 * What socket.connect() takes: (options, listener), (port, host, listener), (path, listener), or, from net.connect(),
 * an array of options and listener.
 *
 * @param {any[]} args
 * @returns {{ options: Partial<import('node:net').TcpNetConnectOpts> & { path?: string }, listener?: () => void }}
 */
function readArguments(args) {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args
  const listener = Array.isArray(args[0]) ? second : args.find((arg) => typeof arg === 'function')
  if (typeof first === 'object' && first !== null) return { options: first, listener }
  if (typeof first === 'string' && Number.isNaN(Number(first))) return { options: { path: first }, listener }
  return { options: { port: Number(first), ...(typeof second === 'string' && { host: second }) }, listener }
}
