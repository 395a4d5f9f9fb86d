/** Where in an internal topic the state of a group or a transaction is: Java's hash of its id, over the partitions. Every client relies on it. */

const int32Min = -(2 ** 31)

/** @param count of the topic's partitions, above 0. */
export function partitionFor(id: string, count: number): number {
  const hash = javaHash(id)
  // As in Kafka, whose absolute value of the smallest number is 0.
  return hash === int32Min ? 0 : Math.abs(hash) % count
}

/** String.hashCode: over UTF-16 code units, in 32 bits. */
function javaHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}
