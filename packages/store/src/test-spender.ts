import { createInterface } from 'node:readline'
import { sqliteLedger } from './drivers/sqlite-ledger.ts'

// One of the processes that share a ledger: each line is the claims of one call, as JSON; it says what they came to.

const [, , path = ''] = process.argv
const ledger = sqliteLedger({ path })

createInterface({ input: process.stdin }).on('line', (line) => {
  console.log(JSON.stringify(ledger.claim(JSON.parse(line))))
})
console.log('ready')
