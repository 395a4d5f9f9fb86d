/** What the groups of a broker have done since it started, for its metrics. */
export class GroupTally {
  /** Offsets committed, those of transactions too. */
  commits = 0
  /** Offsets that were forgotten after their time. */
  expired = 0
  /** Generations of classic groups that began. */
  rebalances = 0
  /** Epochs of consumer groups that began. */
  epochs = 0
}
