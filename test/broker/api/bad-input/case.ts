/** One row of the bad-input tables: a request, or a few, and the error codes that they must get. */
import type { Topic, Verdict, World } from './world.ts'

type Verdicts = Verdict | readonly Verdict[]

export interface Case {
  readonly name: string
  ask(world: World, topic: Topic): Promise<Verdicts>
  readonly answer: Verdicts
  /** What Apache Kafka 4.3.1 answers where that is something else; null where it has no such version any more. */
  readonly kafka?: Verdicts | null
  /** Why the two differ. */
  readonly because?: string
  /** Of the topic that the case gets. */
  readonly configs?: Record<string, string>
}

/** Of no topic. */
export const nowhere: Topic = { name: 'nowhere', id: 'AAAAAAAAAAAAAAAAAAAAdg' }
