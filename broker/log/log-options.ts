/** What a log is opened with. */
import type { LogConfig } from './log-config.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { Offset } from './offset.ts'

/** What the directory noted down of a log at an earlier time. */
export interface Noted {
  readonly clean: boolean
  readonly recoveryPoint: Offset
  readonly startOffset: Offset
  readonly highWatermark: Offset
}

export interface LogOptions<Log> {
  readonly environment: LogEnvironment<Log>
  readonly folder: string
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  readonly config: LogConfig
  readonly noted: Noted
  /** There is no folder yet: it is made when something is appended. */
  readonly isNew: boolean
}
