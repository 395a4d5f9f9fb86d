/** What a topic may be called: Kafka's rules, because names become folders and, with dots and underscores alike, names of metrics. */

const lengthMax = 249
const legal = /^[a-zA-Z0-9._-]+$/

/** Kafka's sentence on what is wrong with the name, or nothing. */
export function topicNameFault(name: string): string | undefined {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed'
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`
  if (name.length > lengthMax) {
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${lengthMax}`
  }
  if (legal.test(name)) return undefined
  return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
}

/** Names that differ in dots and underscores alone collide: both would have the same metrics. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_')
}

export function mayCollide(name: string): boolean {
  return name.includes('.') || name.includes('_')
}
