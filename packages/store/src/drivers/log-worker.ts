import { parentPort, workerData } from 'node:worker_threads'
import { isThreadOptions } from '../log/thread-messages.ts'
import { serveThread } from '../log/threads.ts'

// One of the two threads of a log: which one, and of which log, it is told when it is started.
if (parentPort && isThreadOptions(workerData)) serveThread(parentPort, workerData)
