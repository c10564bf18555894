import './loopback-only.mjs'

// What a test may see of the environment it was started in. Everything else could be the operator's: keys, proxies,
// base URLs, or a PORT that some server here would read.
const KEPT =
  /^(PATH|PATHEXT|HOME|USERPROFILE|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|TZ|LANG|LC_.*|TERM|CI|(NO|FORCE)_COLOR)$/i
const KEPT_FOR_WINDOWS =
  /^(SystemRoot|SystemDrive|windir|ComSpec|ProgramFiles.*|(LOCAL)?APPDATA|NUMBER_OF_PROCESSORS)$/i
const KEPT_FOR_VITEST = /^(VITEST.*|NODE_ENV|NODE_V8_COVERAGE|TEST|DEV|PROD|SSR|MODE|BASE_URL)$/

for (const name of Object.keys(process.env)) {
  if (!KEPT.test(name) && !KEPT_FOR_WINDOWS.test(name) && !KEPT_FOR_VITEST.test(name)) delete process.env[name]
}

// Programs that tests start are Node programs of ours: they stay on loopback as well.
process.env.NODE_OPTIONS = `--import=${new URL('./loopback-only.mjs', import.meta.url).href}`
