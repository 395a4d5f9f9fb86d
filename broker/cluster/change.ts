/** What a stretch of the metadata log changed: for those who follow the image and do not want to compare all of it. */
import type { ClusterImage } from './image.ts'
import { resourceKey } from './resource-configs.ts'
import type { MetadataRecord } from './records.ts'

export interface ImageChange {
  readonly previous: ClusterImage
  readonly image: ClusterImage
  /** Names of topics made, changed or removed; `image.topics` says which. A topic removed and made anew has another id. */
  readonly topics: ReadonlySet<string>
  /** Whose settings changed, as `resourceKey(type, name)`. */
  readonly configs: ReadonlySet<string>
}

export type ChangeListener = (change: ImageChange) => void

/** What these records, which led from one image to the other, touched. */
export function changeOf(previous: ClusterImage, image: ClusterImage, records: Iterable<MetadataRecord>): ImageChange {
  const topics = new Set<string>()
  const configs = new Set<string>()
  for (const record of records) {
    if (record.name === 'TopicRecord') topics.add(record.value.name)
    else if (record.name === 'PartitionRecord' || record.name === 'PartitionChangeRecord' || record.name === 'RemoveTopicRecord') {
      const topic = image.topicsById.get(record.value.topicId) ?? previous.topicsById.get(record.value.topicId)
      if (topic) topics.add(topic.name)
    } else if (record.name === 'ConfigRecord') configs.add(resourceKey(record.value.resourceType, record.value.resourceName))
  }
  return { previous, image, topics, configs }
}
