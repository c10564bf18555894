import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testLogStore } from '@dragoman/testkit'
import { afterEach, beforeEach } from 'vitest'
import { sqliteLog } from './sqlite-log.ts'

let root: string
let folder: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dragoman-log-'))
  folder = join(root, 'log')
})
afterEach(() => rmSync(root, { recursive: true }))

testLogStore('sqlite', ({ clock }) => sqliteLog({ folder, clock }))
