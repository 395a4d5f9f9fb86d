/**
 * The topics of the image, as groups ask for them (groups/topics.ts, which this layer does not see).
 * Owns: views that stay the same objects while topic and brokers do, so that what follows from one can be kept with it.
 */
import type { Cluster } from './cluster.ts'
import type { ClusterImage, TopicImage } from './image.ts'

interface TopicView {
  readonly name: string
  readonly id: string
  readonly partitionCount: number
  racksOf(partition: number): readonly string[]
}

export class TopicViews {
  readonly #cluster: Cluster
  #brokers: ClusterImage['brokers'] | undefined
  #views = new WeakMap<TopicImage, TopicView>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  get version(): number {
    return this.#cluster.end
  }

  names(): Iterable<string> {
    return this.#cluster.image.topics.keys()
  }

  get(name: string): TopicView | undefined {
    const { topics, brokers } = this.#cluster.image
    const topic = topics.get(name)
    if (!topic) return undefined
    if (brokers !== this.#brokers) {
      this.#brokers = brokers
      this.#views = new WeakMap()
    }
    let view = this.#views.get(topic)
    if (!view) this.#views.set(topic, (view = viewOf(topic, brokers)))
    return view
  }

  nameOf(id: string): string | undefined {
    return this.#cluster.image.topicName(id)
  }
}

function viewOf({ name, id, partitions }: TopicImage, brokers: ClusterImage['brokers']): TopicView {
  const racksOf = (partition: number) =>
    (partitions[partition]?.replicas ?? [])
      .map((replica) => brokers.get(replica)?.rack)
      .filter((rack) => typeof rack === 'string')
      .sort()
  return { name, id, partitionCount: partitions.length, racksOf }
}
