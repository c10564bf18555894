import {
  debugSwitch,
  flag,
  host,
  httpUrl,
  leaveAlone,
  logLevel,
  origins,
  path,
  port,
  proxy,
  type Reader,
  retries,
  seconds,
  secret,
  strictDebugSwitch,
  toolCallAttempts,
} from './readers.ts'
import type { Variables } from './variables.ts'

/** A variable of the environment that means something to the server. */
export interface Variable {
  readonly name: string
  /** The setting that it stands for; absent where it is known and does nothing. */
  readonly setting?: string
  /** How it is read; for secrets the code that reads them says so. */
  readonly reader?: Reader
  /** `form` of what has no reader here. */
  readonly form?: string
  /** For the table in the documentation; for a variable without effect, what to do instead. */
  readonly note?: string
  /** Set to nothing it is a mistake, and not the same as not being set. */
  readonly refusesEmpty?: true
  /** It is only checked here: another file turns it into settings. Its value may be a secret. */
  readonly isReadElsewhere?: true
}

const failures = 'a credential that fails rests at once, shortly at first and longer each time, see cooldown'
const imports = 'a folder that credentialsFrom names is read again whenever it changes'
const maintenance = 'equal credentials count once, and those that fail rest; none is deleted'

/** These beat the file: nobody sets them but to tell this program something. Later ones beat earlier ones. */
const own: readonly Variable[] = [
  elsewhere('DRAGOMAN_CONFIG', '--config', 'a path', 'The configuration file.'),
  { name: 'DRAGOMAN_HOST', setting: 'server.host', reader: host },
  { name: 'DRAGOMAN_PORT', setting: 'server.port', reader: port },
  elsewhere('DRAGOMAN_OPEN_ON_NETWORK', 'clients.onNetwork', flag, 'Lets open mode listen where others can reach it.'),
]

/** The file beats these. Later ones beat earlier ones. */
const usual: readonly Variable[] = [
  { name: 'HOST', setting: 'server.host', reader: host },
  { name: 'PORT', setting: 'server.port', reader: port },
  { name: 'LISTEN_PORT', setting: 'server.port', reader: port, note: 'Beats `PORT`.' },
  { name: 'SERVER_PORT', setting: 'server.port', reader: port, note: 'Beats both.' },
  { name: 'CORS_ORIGINS', setting: 'server.corsOrigins', reader: origins, note: '`*` leaves the setting unset.' },
  { name: 'DEBUG', setting: 'log.level', reader: debugSwitch, note: '`true` is `debug`.' },
  { name: 'LOG_LEVEL', setting: 'log.level', reader: logLevel, note: 'Beats `DEBUG`.' },
  { name: 'DEBUG_LOGGING', setting: 'log.level', reader: strictDebugSwitch, note: '`true` is `debug`; beats both.' },
  { name: 'ENABLE_ACCESS_LOG', setting: 'log.access', reader: flag },
  { name: 'TIMEOUT', setting: 'limits.wholeHeadersMs', reader: seconds },
  { name: 'REQUEST_TIMEOUT', setting: 'limits.wholeHeadersMs', reader: seconds, note: 'Beats `TIMEOUT`.' },
  { name: 'MAX_RETRIES', setting: 'limits.attempts', reader: retries, note: 'The first call comes on top.' },
  {
    name: 'ENSURE_TOOL_CALL_MAX_ATTEMPTS',
    setting: 'ensureToolCall.attempts',
    reader: toolCallAttempts,
    note: 'The first call counts; more than 5 are 5.',
  },
  elsewhere('AUTH_TOKEN', 'clients.keys', 'a key', 'The keys of all variables are united.'),
  elsewhere('AUTH_TOKENS_FILE', 'clients.keys', 'a path', 'Keys by line or comma; `#` starts a comment.'),
  elsewhere('API_KEYS', 'clients.keys', 'a JSON list of keys'),
  elsewhere('API_MASTER_KEY', 'clients.keys', 'a key', '`1` stands for no key.'),
  elsewhere('VALID_API_KEY', 'clients.keys', 'a key'),
  elsewhere('SKIP_AUTH_TOKEN', 'clients', flag, '`true` leaves `AUTH_TOKEN` and `AUTH_TOKENS_FILE` unread.'),
  elsewhere('ALLOW_ANY_API_KEY', 'clients', flag, '`true` leaves `VALID_API_KEY` unread, `false` demands a key.'),
  elsewhere('REQUIRE_API_KEY', 'clients', flag, '`false` leaves `API_KEYS` unread, `true` demands a key.'),
  {
    name: 'ADMIN_PASSWORD',
    setting: 'admin.key',
    reader: secret,
    note: 'It is sent as a key is: there is no form to sign in.',
  },
  { name: 'ADMIN_KEY', setting: 'admin.key', reader: secret, refusesEmpty: true, note: 'Beats `ADMIN_PASSWORD`.' },
  { name: 'SESSION_ENCRYPTION_KEY', setting: 'vault.key', reader: secret },
  { name: 'SESSION_DIR', setting: 'vault.path', reader: path },
  {
    name: 'TOKEN_RECOVERY_TIMEOUT',
    setting: 'cooldown.maxMs',
    reader: seconds,
    note: 'A credential that failed is tried again by then, or sooner.',
  },
  elsewhere('HTTP_PROXY', 'proxy.http', proxy, 'In lower case too, which beats it; so with the next two.'),
  elsewhere('HTTPS_PROXY', 'proxy.https', proxy),
  elsewhere('NO_PROXY', 'proxy.no', 'hosts', 'This machine is always reached directly.'),
  elsewhere('SOCKS5_PROXY', 'proxy', proxy, 'Where `HTTP_PROXY` or `HTTPS_PROXY` says nothing.'),
  elsewhere('OPENAI_API_KEY', 'providers', 'a key', "Like every preset's: a provider, where the file has none."),
  elsewhere('OPENAI_BASE_URL', 'providers', httpUrl, 'Where `OPENAI_API_KEY` is to be used instead.'),
  elsewhere(
    'OTEL_SDK_DISABLED',
    'telemetry.otlp',
    flag,
    '`false` lets the next five count, `true` sends nothing at all.',
  ),
  elsewhere('OTEL_EXPORTER_OTLP_ENDPOINT', 'telemetry.otlp.endpoint', 'a URL', 'Where the file has no `telemetry`.'),
  elsewhere('OTEL_EXPORTER_OTLP_HEADERS', 'telemetry.otlp.headers', 'name=value, separated by commas'),
  elsewhere('OTEL_EXPORTER_OTLP_PROTOCOL', 'telemetry.otlp.protocol', 'http/protobuf or http/json'),
  elsewhere('OTEL_TRACES_SAMPLER_ARG', 'telemetry.otlp.sampleRatio', 'a number from 0 to 1'),
  elsewhere('OTEL_SERVICE_NAME', 'telemetry.otlp.serviceName', 'a name'),
  { name: 'STREAM_DELAY', note: 'answers stream as they come, nothing is dripped out' },
  { name: 'STREAM_CHUNK_SIZE', note: 'answers stream as they come, nothing is dripped out' },
  { name: 'MAX_STREAM_TIME', note: 'answers stream as they come, nothing is dripped out' },
  { name: 'RETRY_DELAY', note: 'waits start at half a second and double, unless an upstream names a time' },
  { name: 'ROOT_PATH', note: 'have the reverse proxy take the prefix off' },
  { name: 'APP_NAME', note: 'the name is shown nowhere' },
  { name: 'SERVICE_NAME', note: 'the name is shown nowhere' },
  { name: 'MAX_CONNECTIONS', note: 'there is no bound on connections to upstreams' },
  { name: 'MAX_KEEPALIVE_CONNECTIONS', note: 'connections to upstreams are kept as long as both sides like' },
  { name: 'APP_ENV', note: 'nothing depends on it' },
  { name: 'SCAN_LIMIT', note: 'calls are read out of a text as it streams, nothing is searched afterwards' },
  { name: 'DB_PATH', note: 'tokens stand in files, see credentialsFrom; what the server keeps is in `store.path`' },
  { name: 'SESSION_SECRET_KEY', note: 'nobody signs in: each call of `/admin` carries the admin key' },
  { name: 'GET_TOKENS_SCRIPT', note: 'accounts sign in by themselves: name their file in ACCOUNTS_FILE' },
  { name: 'MAX_TOKEN_FAILURES', note: failures },
  { name: 'TOKEN_FAILURE_THRESHOLD', note: failures },
  {
    name: 'TOKEN_HEALTH_CHECK_INTERVAL',
    note: 'a credential that rested is tried by one request, and then serves again; `POST /admin/tokens/check` asks about all',
  },
  { name: 'GUEST_POOL_SIZE', note: 'there is one guest at most, guest sessions are not farmed' },
  { name: 'TOKEN_AUTO_IMPORT_ENABLED', note: imports },
  { name: 'TOKEN_AUTO_IMPORT_SOURCE_DIR', note: imports },
  { name: 'TOKEN_AUTO_IMPORT_INTERVAL', note: imports },
  { name: 'TOKEN_AUTO_MAINTENANCE_ENABLED', note: maintenance },
  { name: 'TOKEN_AUTO_MAINTENANCE_INTERVAL', note: maintenance },
  { name: 'TOKEN_AUTO_REMOVE_DUPLICATES', note: maintenance },
  { name: 'TOKEN_AUTO_HEALTH_CHECK', note: maintenance },
  { name: 'TOKEN_AUTO_DELETE_INVALID', note: maintenance },
  { name: 'MODEL_CONFIG', note: 'model groups stand under `models` in dragoman.yaml' },
  { name: 'MODEL_CONFIG_PATH', note: 'model groups stand under `models` in dragoman.yaml' },
]

function elsewhere(name: string, setting: string, read: Reader | string, note?: string): Variable {
  const how = typeof read === 'string' ? { form: read } : { reader: read }
  return { name, setting, ...how, ...(note === undefined ? {} : { note }), isReadElsewhere: true }
}

export const environmentTable: readonly Variable[] = [...own, ...usual]

export interface EnvironmentSettings {
  /** As they would stand in the file, by section; over the file. */
  readonly overFile: Sections
  /** The same, under the file. */
  readonly underFile: Sections
  /** By setting, the variable that it comes from. */
  readonly setBy: ReadonlyMap<string, string>
  readonly problems: readonly string[]
  readonly notices: readonly string[]
}

export type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** The settings that variables stand for. Empty variables count as not set. */
export function readEnvironment(variables: Variables): EnvironmentSettings {
  const setBy = new Map<string, string>()
  const problems: string[] = []
  const notices: string[] = []

  const read = (table: readonly Variable[]): Sections => {
    const sections: Record<string, Record<string, unknown>> = {}
    for (const variable of table) {
      const given = variables.get(variable.name)?.trim()
      if (given === undefined || (given === '' && !variable.refusesEmpty)) continue
      const { name, setting, reader, isReadElsewhere, note } = variable
      const label = variables.label(name)
      if (setting === undefined) notices.push(`${label} has no effect: ${note}`)
      const value = reader?.read(given)
      if (given === '')
        problems.push(`${label}: is empty: make a key with \`openssl rand -hex 32\`, or remove the variable`)
      else if (reader && value === undefined) {
        problems.push(`${label}: expected ${reader.form}${isReadElsewhere ? '' : `, found ${JSON.stringify(given)}`}`)
      }
      if (setting === undefined || value === undefined || value === leaveAlone || isReadElsewhere) continue
      const [section = '', key = ''] = setting.split('.')
      sections[section] = { ...sections[section], [key]: value }
      setBy.set(setting, label)
    }
    return sections
  }

  // In this order, so that `setBy` names the one that counts.
  const underFile = read(usual)
  const overFile = read(own)
  return { overFile, underFile, setBy, problems, notices }
}
