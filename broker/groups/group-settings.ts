/** What groups heed of the broker's settings, as they stand when asked. */
import type { Settings } from '../config/settings.ts'
import type { Millis } from '../platform/clock.ts'

const minute: Millis = 60_000

export class GroupSettings {
  readonly #settings: () => Settings

  constructor(settings: () => Settings) {
    this.#settings = settings
  }

  get initialRebalanceDelay(): Millis {
    return this.#settings().get('group.initial.rebalance.delay.ms')
  }

  get sessionTimeoutMin(): Millis {
    return this.#settings().get('group.min.session.timeout.ms')
  }

  get sessionTimeoutMax(): Millis {
    return this.#settings().get('group.max.session.timeout.ms')
  }

  /** Members of a classic group. */
  get membersMax(): number {
    return this.#settings().get('group.max.size')
  }

  /** Of the text that goes with an offset, in characters. */
  get offsetMetadataMax(): number {
    return this.#settings().get('offset.metadata.max.bytes')
  }

  get offsetRetention(): Millis {
    return this.#settings().get('offsets.retention.minutes') * minute
  }

  get retentionCheckInterval(): Millis {
    return this.#settings().get('offsets.retention.check.interval.ms')
  }
}
