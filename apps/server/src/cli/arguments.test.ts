import { expect, test } from 'vitest'
import { ConfigError } from '../config/config-error.ts'
import { parseArguments, usage } from './arguments.ts'

const none = { config: undefined, host: undefined, port: undefined, logLevel: undefined, openOnNetwork: undefined }

test.each([
  [[], { name: 'start', flags: none }],
  [['start'], { name: 'start', flags: none }],
  [['-p', '0', '-c', 'a.yaml'], { name: 'start', flags: { ...none, port: 0, config: 'a.yaml' } }],
  [['start', '--port=9000', '--host', '::1'], { name: 'start', flags: { ...none, port: 9000, host: '::1' } }],
  [['--port', '1', '--port', '2'], { name: 'start', flags: { ...none, port: 2 } }],
  [
    ['--log-level', 'WARN', '--open-on-network'],
    { name: 'start', flags: { ...none, logLevel: 'warn', openOnNetwork: true } },
  ],
  [['config', 'check'], { name: 'config', action: 'check', flags: none }],
  [['config', 'schema'], { name: 'config', action: 'schema', flags: none }],
  [['--config', 'x', 'config', 'docs'], { name: 'config', action: 'docs', flags: { ...none, config: 'x' } }],
  [['reload'], { name: 'reload', flags: none, dryRun: false, newOrigins: false }],
  [['reload', '--dry-run', '--new-origins'], { name: 'reload', flags: none, dryRun: true, newOrigins: true }],
  [['help'], { name: 'help' }],
  [['--help'], { name: 'help' }],
  [['start', '-h'], { name: 'help' }],
  [['config', '--help'], { name: 'help' }],
  [['reconcile', 'a.csv', '--json'], expect.objectContaining({ name: 'reconcile', options: expect.anything() })],
  [['reconcile', '--help'], { name: 'help', text: expect.stringContaining('dragoman reconcile FILE') }],
  [['version'], { name: 'version' }],
  [['-v'], { name: 'version' }],
])('%j', (argv, command) => {
  expect(parseArguments(argv)).toEqual(command)
})

test.each([
  [['--prot', '1'], ['there is no option --prot; did you mean "--port"?']],
  [['--loglevel=debug'], ['there is no option --loglevel; did you mean "--log-level"?']],
  [['--config', 'x', 'reconcile'], ['reconcile comes before its options: dragoman reconcile FILE …']],
  [['--frobnicate'], ['there is no option --frobnicate']],
  [['-x'], ['there is no option -x']],
  [['--port'], ['--port needs a value']],
  [['--host', ''], ['--host needs a value']],
  [['--port', 'x'], ['--port: expected a port from 0 to 65535, found "x"']],
  [['--port', '70000'], ['--port: expected a port from 0 to 65535, found "70000"']],
  [['--host', 'http://a'], ['--host: expected an address or a host name, without scheme and port, found "http://a"']],
  [['--log-level', 'loud'], ['--log-level: expected one of trace, debug, info, warn, error, silent, found "loud"']],
  [['--open-on-network=1'], ['--open-on-network takes no value']],
  [['strat'], ['there is no command "strat"; did you mean "start"?']],
  [['serve'], ['there is no command "serve"']],
  [['config'], ['config needs one of check, schema, docs']],
  [['config', 'chekc'], ['config needs one of check, schema, docs, found "chekc"; did you mean "check"?']],
  [['config', 'check', 'more'], ['config takes no "more"']],
  [['start', 'now'], ['start takes no "now"']],
  [['--dry-run'], ['start has no option --dry-run']],
  [['reload', '--new-origin'], ['there is no option --new-origin; did you mean "--new-origins"?']],
  [
    ['--port', 'x', '--prot', 'halp'],
    ['there is no option --prot; did you mean "--port"?', '--port: expected a port from 0 to 65535, found "x"'],
  ],
])('%j is refused', (argv, problems) => {
  expect(() => parseArguments(argv)).toThrowError(new ConfigError(problems))
})

test('the usage names every command and option', () => {
  for (const word of ['start', 'check', 'schema', 'docs', 'help', 'version', '--port', '--host', '--log-level']) {
    expect(usage).toContain(word)
  }
})
