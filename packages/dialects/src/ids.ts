/** `resp_4f1c…`: unique without being asked for anywhere. */
export function newId(prefix: 'resp' | 'msg' | 'rs' | 'fc' | 'ctc' | 'fco' | 'ctco' | 'item'): string {
  return `${prefix}_${crypto.randomUUID().replaceAll('-', '')}`
}
