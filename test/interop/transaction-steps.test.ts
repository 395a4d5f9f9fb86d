/** Steps of a producer of transactions, drawn at random, legal or not: Stele and Apache Kafka must answer each of them alike. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t from 'tap'
import { startBroker } from '../../broker/index.ts'
import { type Claim, settled, TransactionalProducer } from '../broker/api/bad-input/transactional-producer.ts'
import { type Topic, World } from '../broker/api/bad-input/world.ts'
import { SeededRandom } from '../simulation/platform/random.ts'
import { KafkaProcess } from '../support/kafka.ts'
import { full, missing } from './cache.ts'
import { temporaryDirectory } from './target.ts'

const stepsOfOne = 60
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]

const skip = full ? missing('kafka', 'java') : 'make interop runs it'

/** In whose name a step is: the producer's as it is, as it was, as it is not yet, and another's. */
const names = ['now', 'now', 'now', 'now', 'last', 'older', 'future', 'foreign'] as const

class Walk {
  readonly #random: SeededRandom
  readonly #producer: TransactionalProducer
  readonly #topics: readonly Topic[]
  readonly #claims: Claim[]
  /** Of Produce: with those before 12 or from 12 on, as clients do; of one that takes both Kafka remembers the first. */
  readonly #versions: readonly number[]
  /** By topic and claim, what is due next. */
  readonly #sequences = new Map<string, number>()

  constructor(seed: number, producer: TransactionalProducer, topics: readonly Topic[]) {
    this.#random = new SeededRandom(seed)
    this.#versions = this.#random.pick([[10, 11], [12]])
    this.#producer = producer
    this.#topics = topics
    this.#claims = [producer.claim]
  }

  /** What was asked, what was answered, and the producer's claim after it, seen from its first. */
  async step(): Promise<string> {
    const name = this.#random.pick(names)
    const before = this.#producer.claim
    const asked = await this.#ask(name, this.#claim(name))
    const { claim } = this.#producer
    if (claim !== before) this.#claims.push(claim)
    return `${asked}, ${claim.producerId - (this.#claims[0] as Claim).producerId}:${claim.producerEpoch}`
  }

  #claim(name: (typeof names)[number]): Claim {
    const { claim } = this.#producer
    switch (name) {
      case 'now':
        return claim
      case 'last':
        return this.#claims.at(-2) ?? claim
      case 'older':
        return this.#claims.at(-3) ?? claim
      case 'future':
        return { ...claim, producerEpoch: claim.producerEpoch + 1 }
      case 'foreign':
        return { ...claim, producerId: claim.producerId + 5_000 }
    }
  }

  async #ask(name: string, claim: Claim): Promise<string> {
    const random = this.#random
    const producer = this.#producer
    const topic = random.pick(this.#topics)
    switch (random.pick(['init', 'add', 'ask', 'offsets', 'end', 'end', 'produce', 'produce'] as const)) {
      case 'init': {
        const expected = random.chance(0.5) ? claim : {}
        const version = random.between(3, 4)
        return `init ${'producerId' in expected ? name : ''} v${version}: ${await settled(() => producer.init(expected, { version }))}`
      }
      case 'add': {
        const version = random.between(1, 3)
        return `add ${name} v${version}: ${(await producer.add([topic], claim, { version })).join()}`
      }
      case 'ask': {
        const verifyOnly = random.chance(0.5)
        return `broker ${verifyOnly ? 'asks' : 'adds'} ${name}: ${await producer.addAsBroker(topic, claim, { verifyOnly })}`
      }
      case 'offsets': {
        const version = random.between(1, 3)
        return `offsets ${name} v${version}: ${await producer.addOffsets(claim, { version })}`
      }
      case 'end': {
        const committed = random.chance(0.6)
        const version = random.pick([1, 4, 5, 5])
        const verdict = await producer.end(committed, claim, { version })
        await this.#markersWritten()
        return `${committed ? 'commit' : 'abort'} ${name} v${version}: ${verdict}`
      }
      case 'produce':
        // Of an epoch that is yet to come Kafka remembers a refused batch, and refuses good ones for it.
        return name === 'future' ? 'nothing' : this.#produce(name, claim, topic)
    }
  }

  /** A broker that asks is told to try again until then. */
  #markersWritten(): Promise<string> {
    return this.#producer.addAsBroker(this.#topics[0] as Topic)
  }

  async #produce(name: string, claim: Claim, topic: Topic): Promise<string> {
    const key = `${topic.name} ${claim.producerId}:${claim.producerEpoch}`
    const version = this.#random.pick(this.#versions)
    const due = this.#sequences.get(key) ?? 0
    const baseSequence = due + (this.#random.chance(0.1) ? 3 : 0)
    const verdict = await this.#producer.produce(topic, { ...claim, version, baseSequence })
    if (verdict === 'NONE') this.#sequences.set(key, baseSequence + 1)
    return `produce ${name} v${version} ${baseSequence} for ${due}: ${verdict}`
  }
}

async function walked(world: World, seed: number): Promise<string[]> {
  const topics = [await world.topic(), await world.topic()]
  const walk = new Walk(seed, await TransactionalProducer.begun(world), topics)
  const answers: string[] = []
  for (let step = 0; step < stepsOfOne; step++) answers.push(await walk.step())
  return answers
}

t.test('Stele and Apache Kafka answer random steps of a transaction alike', { skip, timeout: 180_000 }, async (t) => {
  const home = temporaryDirectory()
  const kafka = await KafkaProcess.start(path.join(home, 'data'), { 'auto.create.topics.enable': 'false' })
  const stele = await startBroker({ settings: { 'auto.create.topics.enable': false } })
  const theirs = await World.open(Number(kafka.bootstrap.split(':')[1]))
  const ours = await World.open(stele.port)
  t.teardown(async () => {
    theirs.close()
    ours.close()
    await Promise.all([kafka.end('SIGTERM'), stele.close()])
    fs.rmSync(home, { recursive: true, force: true })
  })
  for (const seed of seeds) t.same(await walked(ours, seed), await walked(theirs, seed), `seed ${seed}`)
})
