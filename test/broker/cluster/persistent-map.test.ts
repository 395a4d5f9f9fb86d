import t from 'tap'
import { PersistentMap } from '../../../broker/cluster/persistent-map.ts'

t.test('every version is what a native map would be, and stays so', async (t) => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return seed % below
  }
  const twin = new Map<number, number>()
  let map = PersistentMap.of<number, number>()
  const versions: [PersistentMap<number, number>, Map<number, number>][] = []
  for (let step = 0; step < 2000; step++) {
    const changes = new Map<number, number | undefined>()
    for (let i = random(4); i >= 0; i--) changes.set(random(300), random(3) === 0 ? undefined : step)
    map = map.with(changes)
    for (const [key, value] of changes) {
      if (value === undefined) twin.delete(key)
      else twin.set(key, value)
    }
    if (step % 100 === 0) versions.push([map, new Map(twin)])
  }
  const sorted = (entries: Iterable<[number, number]>) => [...entries].sort(([a], [b]) => a - b)
  for (const [version, expected] of versions) {
    t.equal(version.size, expected.size)
    t.same(sorted(version), sorted(expected))
    for (let key = 0; key < 300; key++) if (version.get(key) !== expected.get(key)) t.fail(`key ${key}`)
  }
})

t.test('a change without changes is the same map', async (t) => {
  const map = PersistentMap.of([['a', 1]])
  t.equal(map.with(new Map()), map)
  t.equal(map.with(new Map([['b', undefined]])).size, 1)
})
