import t from 'tap'
import { RequestMemory } from '../../../broker/server/request-memory.ts'

t.test('a request is let in while any room is left, and those past the bound wait their turn', async (t) => {
  const memory = new RequestMemory(100)
  t.ok(memory.hasRoom)
  memory.take(1000)
  t.notOk(memory.hasRoom)
  const woken: string[] = []
  memory.whenRoom(() => {
    woken.push('first')
    memory.take(500)
  })
  memory.whenRoom(() => void woken.push('second'))
  memory.give(950)
  t.same(woken, ['first'], 'the first one used the room up')
  memory.give(500)
  t.same(woken, ['first', 'second'])
})

t.test('who no longer waits is not woken, and below zero means no bound', async (t) => {
  const memory = new RequestMemory(1)
  memory.take(5)
  const wake = () => t.fail('woken')
  memory.whenRoom(wake)
  memory.forget(wake)
  memory.give(5)
  const unbounded = new RequestMemory(-1)
  unbounded.take(Number.MAX_SAFE_INTEGER)
  t.ok(unbounded.hasRoom)
})
