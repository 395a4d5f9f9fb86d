/** What a thread that compacts begins with. */
import { serveTask } from '../../platform/node/workers.ts'
import { compactionTask } from './task.ts'

serveTask(compactionTask)
