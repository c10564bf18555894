import { parentPort, workerData } from 'node:worker_threads'
import { isThreadOptions } from '../log/thread-messages.ts'
import { serveReads, serveWrites } from '../log/threads.ts'

// One of the two threads of a log: which one, and of which log, it is told when it is started.
if (parentPort && isThreadOptions(workerData)) {
  if (workerData.logThread === 'writes') serveWrites(parentPort, workerData)
  else serveReads(parentPort, workerData)
}
