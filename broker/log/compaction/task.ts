/** Compaction as a task for a worker: damage that it finds is a result, so that it crosses between threads as what it is. */
import type { Task } from '../../platform/workers.ts'
import { compact, type CleanedGroup, type CompactionInput, type CompactionResult } from './compaction.ts'
import { CompactionFault } from './compaction-fault.ts'

export type CompactionOutcome = (CompactionResult & { readonly fault?: undefined }) | { readonly fault: string }

export const compactionTask: Task<CompactionInput, CleanedGroup, CompactionOutcome> = {
  module: 'log/compaction/worker',
  *run(input, { disk, monotonic }) {
    try {
      return yield* compact(input, disk, monotonic)
    } catch (error) {
      if (error instanceof CompactionFault) return { fault: error.message }
      throw error
    }
  },
}
