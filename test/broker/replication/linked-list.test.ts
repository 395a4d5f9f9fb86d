import t from 'tap'
import { LinkedList, type ListNode } from '../../../broker/replication/linked-list.ts'
import { SeededRandom } from '../../simulation/platform/random.ts'

void t.test('it holds what a plain array would, whatever comes and goes', (t) => {
  const random = new SeededRandom(11)
  const list = new LinkedList<number>()
  let expected: { value: number; node: ListNode<number> }[] = []
  for (let value = 0; value < 2000; value++) {
    if (random.chance(0.55)) expected.push({ value, node: list.add(value) })
    else if (expected.length > 0) {
      const gone = random.pick(expected)
      expected = expected.filter((entry) => entry !== gone)
      t.ok(list.remove(gone.node))
      t.notOk(list.remove(gone.node), 'it leaves once')
    }
    t.equal(list.isEmpty, expected.length === 0)
  }
  t.same(
    list.values(),
    expected.map(({ value }) => value),
  )
  t.end()
})

void t.test('a node that has left holds on to nothing', (t) => {
  const list = new LinkedList<object>()
  list.add({})
  const node = list.add({})
  list.add({})
  list.remove(node)
  t.same([node.value, node.previous, node.next], [undefined, undefined, undefined])
  t.end()
})
