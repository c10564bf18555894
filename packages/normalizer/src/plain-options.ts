import type { MarkupParserOptions } from './markup-machine.ts'
import { toolNameByArguments } from './tool-names.ts'
import { shortestClosing } from './truncated.ts'

/** The options of a parser with plain data in place of functions, as a configuration or a profile has them. */
export interface PlainOptions extends Omit<MarkupParserOptions, 'repairToolNames' | 'repairTruncated'> {
  /** An unknown name becomes that of the only tool whose schema fits the arguments. Its start waits for the end. */
  readonly repairToolNames?: 'schema' | undefined
  /** Closes the arguments of calls that the end of the text cut, but not those of a broken stream. Default false. */
  readonly repairTruncated?: boolean | undefined
}

export function parserOptions(options: PlainOptions): MarkupParserOptions {
  return {
    ...options,
    repairToolNames: options.repairToolNames && toolNameByArguments,
    repairTruncated: options.repairTruncated ? shortestClosing : undefined,
  }
}
