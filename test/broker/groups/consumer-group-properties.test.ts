import fc from 'fast-check'
import t from 'tap'
import { CoordinatorError } from '../../../broker/coordinator/coordinator-error.ts'
import { GroupStage } from '../../support/group-stage.ts'

/**
 * A consumer, as the protocol has it: it has what it was told, gives up what it was not, and begins anew when it is fenced.
 * Its words and the broker's answers may be lost.
 */
class Consumer {
  readonly #stage: GroupStage
  readonly memberId: string
  readonly #topics: readonly string[]
  readonly #assignor: string | null
  epoch = 0
  /** `topic id` `partition`. */
  has = new Set<string>()
  #mustSay = true

  constructor(stage: GroupStage, memberId: string, topics: readonly string[], assignor: string | null) {
    this.#stage = stage
    this.memberId = memberId
    this.#topics = topics
    this.#assignor = assignor
  }

  heartbeat(lost: 'nothing' | 'answer' = 'nothing'): void {
    try {
      const answer = this.#stage.heartbeat({
        memberId: this.memberId,
        memberEpoch: this.epoch,
        ...(this.epoch === 0 && { rebalanceTimeoutMs: 30_000, subscribedTopicNames: this.#topics, serverAssignor: this.#assignor }),
        topicPartitions: this.#mustSay ? this.#owned() : null,
        ...(this.#mustSay && this.epoch > 0 && { rebalanceTimeoutMs: 30_000, subscribedTopicNames: this.#topics }),
      })
      this.#mustSay = lost === 'answer'
      if (lost === 'answer') return
      this.epoch = answer.memberEpoch
      if (!answer.assignment) return
      const told = answer.assignment.topicPartitions.flatMap(({ topicId, partitions }) => partitions.map((each) => `${topicId} ${each}`))
      this.has = new Set(told)
      this.#mustSay = true
    } catch (error) {
      if (!(error instanceof CoordinatorError)) throw error
      this.has.clear()
      this.epoch = 0
      this.#mustSay = true
    }
  }

  #owned() {
    const byTopic = new Map<string, number[]>()
    for (const each of this.has) {
      const [topicId = '', partition] = each.split(' ')
      byTopic.set(topicId, [...(byTopic.get(topicId) ?? []), Number(partition)])
    }
    return [...byTopic].map(([topicId, partitions]) => ({ topicId, partitions }))
  }

  leave(): void {
    if (this.epoch > 0) this.#stage.heartbeat({ memberId: this.memberId, memberEpoch: -1 })
    this.has.clear()
    this.epoch = 0
  }
}

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      act: fc.constant('heartbeat' as const),
      who: fc.nat(4),
      lost: fc.constantFrom('nothing' as const, 'answer' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('leave' as const), who: fc.nat(4) }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('grow' as const), topic: fc.constantFrom('t', 'u'), by: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('delete' as const), topic: fc.constantFrom('t', 'u') }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('wait' as const), millis: fc.integer({ min: 1, max: 20_000 }) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('restart' as const) }) },
)

const subscriptions = fc.array(fc.constantFrom(['t'], ['t', 'u'], ['u']), { minLength: 5, maxLength: 5 })

function play(steps: readonly Step[], topicsOf: readonly (readonly string[])[], assignmentIntervalMillis: number) {
  const stage = new GroupStage({ assignmentIntervalMillis })
  stage.setTopic('t', 5)
  stage.setTopic('u', 2)
  const sizes = new Map([
    ['t', 5],
    ['u', 2],
  ])
  const consumers = topicsOf.map((topics, index) => new Consumer(stage, `m${index}`, topics, index % 2 ? 'range' : null))
  for (const each of steps) {
    if (each.act === 'heartbeat') consumers[each.who]?.heartbeat(each.lost)
    else if (each.act === 'leave') tolerate(() => consumers[each.who]?.leave())
    else if (each.act === 'grow') {
      sizes.set(each.topic, (sizes.get(each.topic) ?? 0) + each.by)
      stage.setTopic(each.topic, sizes.get(each.topic) ?? 0)
    } else if (each.act === 'delete') {
      sizes.delete(each.topic)
      stage.deleteTopic(each.topic)
    } else if (each.act === 'wait') waitFor(stage, consumers, each.millis)
    else stage.restart()
    checkOwners(stage, consumers)
  }
  return { stage, consumers, sizes }
}

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** Who was put out meanwhile knows by its own clock that it must be: it drops what it has. */
function waitFor(stage: GroupStage, consumers: readonly Consumer[], millis: number): void {
  stage.advance(millis)
  const group = stage.machine.groups.get('g')
  for (const consumer of consumers) {
    if (consumer.epoch > 0 && group && !stage.group().member(consumer.memberId)) {
      consumer.has.clear()
      consumer.epoch = 0
    }
  }
}

function tolerate(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error
  }
}

function checkOwners(stage: GroupStage, consumers: readonly Consumer[]): void {
  const owners = new Map<string, string>()
  for (const { memberId, has } of consumers) {
    for (const partition of has) {
      if (owners.has(partition))
        throw new Error(`${partition} belongs to ${owners.get(partition)} and to ${memberId}: ${stage.shown().join('; ')}`)
      owners.set(partition, memberId)
    }
  }
}

t.test('a partition belongs to one member at most at any time, whatever is lost, and whoever comes and goes', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), subscriptions, fc.constantFrom(0, 1000), (steps, topicsOf, interval) => {
      play(steps, topicsOf, interval)
    }),
    { numRuns: 300 },
  )
})

t.test('a group settles when its members heartbeat: every partition of a topic that somebody wants has an owner', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), subscriptions, fc.constantFrom(0, 1000), (steps, topicsOf, interval) => {
      const { stage, consumers, sizes } = play(steps, topicsOf, interval)
      for (let round = 0; round < 12; round++) {
        stage.advance(1000)
        for (const consumer of consumers) consumer.heartbeat()
        checkOwners(stage, consumers)
      }
      const wanted = new Set<string>(topicsOf.flat())
      const partitions = [...sizes].reduce((sum, [topic, size]) => sum + (wanted.has(topic) ? size : 0), 0)
      const owned = consumers.reduce((sum, { has }) => sum + has.size, 0)
      return stage.group().stateName === 'Stable' && owned === partitions
    }),
    { numRuns: 200 },
  )
})
