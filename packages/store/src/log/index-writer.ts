import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { INDEX_ROWS, indexFile, type LogFolder, makeFolder, openIndex } from './layout.ts'

/** The texts of one entry. */
export interface IndexedText {
  seq: number
  user: string | null
  answer: string | null
  tools: string | null
  error: string | null
}

/**
 * The index over texts: a file for so many rows, so that a search is bounded by looking into one after the other, and
 * what is too old goes by removing a file. It keeps no text, only where words stand.
 */
export class IndexWriter {
  readonly #folder: LogFolder
  #number = -1
  #database: DatabaseSync | undefined
  #insert: StatementSync | undefined

  constructor(folder: LogFolder) {
    this.#folder = folder
    makeFolder(folder.index)
  }

  /** After the rows are written: an index that knows of rows that are not there would find others in their place. */
  add(texts: readonly IndexedText[]): void {
    let begun = false
    try {
      for (const { seq, user, answer, tools, error } of texts) {
        const number = Math.floor(seq / INDEX_ROWS)
        if (number !== this.#number || !this.#database) {
          if (begun) this.#database?.exec('COMMIT')
          begun = false
          this.#open(number)
        }
        if (!begun) this.#database?.exec('BEGIN IMMEDIATE')
        begun = true
        this.#insert?.run(seq, user, answer, tools, error)
      }
      if (begun) this.#database?.exec('COMMIT')
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Removes files all of whose rows are before `seq`. */
  removeBefore(seq: number): void {
    const oldest = Math.floor(seq / INDEX_ROWS)
    for (const number of indexNumbers(this.#folder)) {
      if (number >= oldest || number === this.#number) continue
      for (const end of ['', '-wal', '-shm']) rmSync(`${indexFile(this.#folder, number)}${end}`, { force: true })
    }
  }

  /** An index that is damaged is begun anew: what it knew is not found any more, all else is as it was. */
  discard(): void {
    this.close()
    for (const file of readdirSync(this.#folder.index)) rmSync(join(this.#folder.index, file), { force: true })
  }

  close(): void {
    if (this.#database?.isOpen) this.#database.close()
    this.#database = undefined
    this.#insert = undefined
    this.#number = -1
  }

  #open(number: number): void {
    this.close()
    this.#database = openIndex(this.#folder, number)
    this.#insert = this.#database.prepare(
      'INSERT INTO texts (rowid, user, answer, tools, error) VALUES (?, ?, ?, ?, ?)',
    )
    this.#number = number
  }
}

/** Which files there are, the newest first. */
export function indexNumbers({ index }: LogFolder): number[] {
  return readdirSync(index)
    .map((file) => /^(\d{6,})\.db$/.exec(file)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => b - a)
}
