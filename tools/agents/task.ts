import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A small piece of work whose outcome shows that calls went out and results came back as they were meant. */
export interface Task {
  readonly prompt: string
  readonly note: string
  readonly answer: string
  /** What the agent says in the end. */
  readonly farewell: string
  /** The word of the note, where a tool's result shows it. */
  readWord(result: string): string | undefined
  /** What is to be written: with whatever a translation might trip over. */
  answerWith(word: string): string
  /** What is wrong with what is there now. */
  check(): Promise<string[]>
}

/** It looks, it writes, it says so. */
export const turnsOfTask = 3

export async function createTask(folder: string): Promise<Task> {
  const word = randomBytes(4).toString('hex')
  const note = join(folder, 'note.txt')
  const answer = join(folder, 'answer.txt')
  await writeFile(note, `The word is ${word}.\n`)
  const task: Task = {
    prompt: 'See what is here, read note.txt, and write its word to answer.txt. Say so when it is done.',
    note,
    answer,
    farewell: `It is done: the word was ${word}.`,
    readWord: (result) => /The word is (\w+)\./.exec(result)?.[1],
    answerWith: (found) => `${found}\n{"json": "in \\"text\\" with C:\\\\paths"}\n\ttab, <b>Größe</b> 漢字 🐉 $HOME\n`,
    async check() {
      const found = await readFile(answer, 'utf8').catch(() => undefined)
      if (found === undefined) return ['answer.txt was not written']
      const wanted = task.answerWith(word)
      return found === wanted ? [] : [`answer.txt holds ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`]
    },
  }
  return task
}
