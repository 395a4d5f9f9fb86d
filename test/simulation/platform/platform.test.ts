/** The simulated platform keeps its promises: without that, what the simulator finds, or does not find, means nothing. */
import t from 'tap'
import type { Connection } from '../../../broker/platform/network.ts'
import { SimulatedClock, WallClock } from './clock.ts'
import { calmDisk, SimulatedDisk } from './disk.ts'
import { calmNetwork, SimulatedNetwork, type NetworkTraits } from './network.ts'
import { SimulatedProcess } from './process.ts'
import { SeededRandom } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { Trace } from './trace.ts'

function schedulerOf(seed: number): Scheduler {
  return new Scheduler(new SeededRandom(seed), new Trace())
}

const toTheEnd = (scheduler: Scheduler): Promise<void> =>
  scheduler.run(
    () => false,
    () => {},
  )

t.test('random numbers depend on the seed alone, and forks on their names', async (t) => {
  const draw = (seed: number, name: string) => {
    const random = new SeededRandom(seed).fork(name)
    return Array.from({ length: 5 }, () => random.next())
  }
  t.same(draw(7, 'disk'), draw(7, 'disk'))
  t.notSame(draw(7, 'disk'), draw(8, 'disk'))
  t.notSame(draw(7, 'disk'), draw(7, 'network'))
  const random = new SeededRandom(1)
  for (let round = 0; round < 1000; round++) {
    const value = random.between(3, 5)
    if (value < 3 || value > 5) t.fail(`between gave ${value}`)
  }
})

t.test('events run in the order of their time, each to the end of its promises', async (t) => {
  const scheduler = schedulerOf(1)
  const seen: string[] = []
  scheduler.at(20, 'second', () => seen.push('second'))
  scheduler.at(10, 'first', () => {
    seen.push('first')
    const deep = async (levels: number): Promise<void> => {
      if (levels > 0) await deep(levels - 1)
    }
    void deep(50).then(() => seen.push('promises of the first'))
  })
  await toTheEnd(scheduler)
  t.same(seen, ['first', 'promises of the first', 'second'])
  t.equal(scheduler.now, 20)
})

t.test('events at one time come in an order that the seed decides', async (t) => {
  const orderOf = async (seed: number): Promise<string> => {
    const scheduler = schedulerOf(seed)
    let order = ''
    for (const name of 'abcdef') scheduler.at(5, name, () => void (order += name))
    await toTheEnd(scheduler)
    return order
  }
  t.equal(await orderOf(3), await orderOf(3))
  const orders = new Set(await Promise.all([1, 2, 3, 4, 5, 6].map(orderOf)))
  t.ok(orders.size > 1)
})

t.test('a failed event, check or unhandled promise ends the run with its error', async (t) => {
  const thrower = schedulerOf(1)
  thrower.at(1, 'throws', () => {
    throw new Error('from an event')
  })
  await t.rejects(toTheEnd(thrower), { message: 'from an event' })

  const rejecter = schedulerOf(1)
  rejecter.at(1, 'rejects', () => void Promise.reject(new Error('from a promise')))
  rejecter.at(2, 'later', () => {})
  await t.rejects(toTheEnd(rejecter), { message: 'from a promise' })

  const checked = schedulerOf(1)
  checked.at(1, 'event', () => {})
  const check = (): void => {
    if (checked.now > 0) throw new Error('from a check')
  }
  await t.rejects(
    checked.run(() => false, check),
    { message: 'from a check' },
  )
})

t.test('a dead process hears nothing more, and what it does has no effect', async (t) => {
  const scheduler = schedulerOf(1)
  const process = new SimulatedProcess(scheduler, 'broker', 'a')
  const clock = new SimulatedClock(process, new WallClock(0))
  const disk = new SimulatedDisk(scheduler, new SeededRandom(1), calmDisk)
  const port = disk.for(process)
  const seen: string[] = []
  clock.after(1, () => {
    seen.push('timer before')
    void port
      .open('/file', 'create')
      .sync()
      .then(() => seen.push('synced'))
    process.kill()
  })
  clock.after(5, () => seen.push('timer after'))
  await toTheEnd(scheduler)
  t.same(seen, ['timer before'])
  t.throws(() => port.exists('/file'), { name: 'Crashed' })
})

t.test('a process can die between two synchronous disk operations, and its cleaning up changes nothing', async (t) => {
  const scheduler = schedulerOf(4)
  const disk = new SimulatedDisk(scheduler, new SeededRandom(1), calmDisk)
  const process = new SimulatedProcess(scheduler, 'broker', 'a')
  process.dieAtDiskOperation(3)
  let after = false
  process.deliver(0, 'work', () => {
    const port = disk.for(process)
    try {
      port.open('/one', 'create')
      port.open('/two', 'create')
      port.open('/three', 'create')
      after = true
    } finally {
      port.remove('/one')
    }
  })
  await toTheEnd(scheduler)
  t.notOk(process.alive)
  t.notOk(after)
  const names = disk.files().map(([path]) => path)
  t.ok(names.includes('/one') && names.includes('/two'))
})

t.test('a blocking call delays what else reaches the process, and its clock shows it', async (t) => {
  const scheduler = schedulerOf(1)
  const process = new SimulatedProcess(scheduler, 'broker', 'a')
  const clock = new SimulatedClock(process, new WallClock(0.01))
  const times: number[] = []
  process.deliver(1000, 'blocks', () => {
    process.block(5000)
    times.push(clock.monotonic())
  })
  clock.after(2, () => times.push(clock.monotonic()))
  await toTheEnd(scheduler)
  t.same(times, [6, 6])
})

t.test('the end of a turn comes after all that arrives at the same time', async (t) => {
  for (const seed of [1, 2, 3, 4]) {
    const scheduler = schedulerOf(seed)
    const process = new SimulatedProcess(scheduler, 'broker', 'a')
    const clock = new SimulatedClock(process, new WallClock(0))
    const seen: string[] = []
    for (let index = 0; index < 3; index++) {
      process.deliver(10, 'arrival', () => {
        seen.push('arrival')
        if (seen.length === 1) clock.endOfTurn(() => seen.push('end'))
      })
    }
    await toTheEnd(scheduler)
    t.same(seen, ['arrival', 'arrival', 'arrival', 'end'])
  }
})

t.test('wall time drifts and jumps, monotonic time does neither', async (t) => {
  const scheduler = schedulerOf(1)
  const process = new SimulatedProcess(scheduler, 'broker', 'a')
  const wall = new WallClock(0.5)
  const clock = new SimulatedClock(process, wall)
  const start = clock.now()
  process.deliver(10_000_000, 'look', () => {
    t.equal(clock.now() - start, 15_000)
    t.equal(clock.monotonic(), 10_000)
    wall.jump(-60_000)
    t.equal(clock.now() - start, -45_000)
    t.equal(clock.monotonic(), 10_000)
  })
  await toTheEnd(scheduler)
})

interface Echo {
  scheduler: Scheduler
  network: SimulatedNetwork
  server: SimulatedProcess
  client: SimulatedProcess
  received: Buffer[]
  closings: string[]
}

/** A server that writes down what it gets; `onConnection` may do more. */
async function listening(seed: number, traits: NetworkTraits, onConnection: (connection: Connection) => void = () => {}): Promise<Echo> {
  const scheduler = schedulerOf(seed)
  const network = new SimulatedNetwork(scheduler, new SeededRandom(seed), traits)
  const server = new SimulatedProcess(scheduler, 'server', 'a')
  const client = new SimulatedProcess(scheduler, 'client', 'b')
  const world: Echo = { scheduler, network, server, client, received: [], closings: [] }
  await network.for(server).listen({ host: '127.0.0.1', port: 9092 }, (connection) => {
    onConnection(connection)
    return {
      bytes: (view) => void world.received.push(Buffer.from(view)),
      drained: () => {},
      closed: (error) => void world.closings.push(`server ${error?.message ?? 'clean'}`),
    }
  })
  return world
}

function dial(world: Echo, opened: (connection: Connection) => void): Connection {
  const connection: Connection = world.network.dial(world.client, 9092, {
    opened: () => opened(connection),
    bytes: () => {},
    drained: () => {},
    closed: (error) => void world.closings.push(`client ${error?.message ?? 'clean'}`),
  })
  return connection
}

t.test('bytes arrive in order and whole, however they are cut', async (t) => {
  for (const seed of [1, 2, 3]) {
    const traits = { ...calmNetwork, splitChance: 0.7, lateTakeChance: 0.5, windowBytes: 1000 }
    const world = await listening(seed, traits)
    const sent = new SeededRandom(seed).bytes(20_000)
    let confirmed = 0
    dial(world, (connection) => {
      for (let at = 0; at < sent.length; at += 500)
        connection.write([sent.subarray(at, at + 100), sent.subarray(at + 100, at + 500)], () => confirmed++)
      connection.end()
    })
    await toTheEnd(world.scheduler)
    t.ok(Buffer.concat(world.received).equals(sent))
    t.ok(world.received.length > 20)
    t.equal(confirmed, 40)
    t.same(world.closings.sort(), ['client clean', 'server clean'])
  }
})

t.test('a reader that pauses pushes back, and the writer is told when there is room again', async (t) => {
  let reader: Connection | undefined
  const traits = { ...calmNetwork, windowBytes: 1000, writeHighWaterBytes: 2000 }
  const world = await listening(1, traits, (connection) => {
    reader = connection
    connection.pause()
  })
  let drained = 0
  const connection: Connection = world.network.dial(world.client, 9092, {
    opened: () => {
      t.equal(connection.write([Buffer.alloc(2500)]), true, 'what the window took does not count')
      t.equal(connection.write([Buffer.alloc(2500)]), false)
      t.equal(connection.bufferedBytes, 4000)
    },
    bytes: () => {},
    drained: () => drained++,
    closed: () => {},
  })
  world.scheduler.at(50_000, 'resume', () => {
    t.equal(world.received.length, 0)
    t.equal(drained, 0)
    reader?.resume()
  })
  await toTheEnd(world.scheduler)
  t.equal(Buffer.concat(world.received).length, 5000)
  t.equal(drained, 1)
})

t.test('a receive buffer is worth nothing after the handler returned, and a chunk must rest until it was sent', async (t) => {
  const scheduler = schedulerOf(1)
  const network = new SimulatedNetwork(scheduler, new SeededRandom(1), { ...calmNetwork, lateTakeChance: 1 })
  const server = new SimulatedProcess(scheduler, 'server', 'a')
  const client = new SimulatedProcess(scheduler, 'client', 'b')
  let kept: Buffer | undefined
  let read = ''
  await network.for(server).listen({ host: '', port: 1 }, () => ({
    bytes: (view) => {
      kept = view
      read = view.toString()
    },
    drained: () => {},
    closed: () => {},
  }))
  const chunk = Buffer.from('before')
  const connection = network.dial(client, 1, {
    opened: () => {
      connection.write([chunk])
      chunk.write('after!')
    },
    bytes: () => {},
    drained: () => {},
    closed: () => {},
  })
  await toTheEnd(scheduler)
  t.equal(read, 'after!')
  t.not(kept?.toString(), 'after!')
})

t.test('a process that dies resets its connections, and nobody listens any more', async (t) => {
  const world = await listening(1, calmNetwork)
  dial(world, () => world.server.kill())
  world.scheduler.at(1_000_000, 'dial again', () => void dial(world, () => t.fail('opened')))
  await toTheEnd(world.scheduler)
  t.same(world.closings, ['client ECONNRESET', 'client ECONNREFUSED'])
})

t.test('a dead process takes no port, though its code goes on to the end of the turn', async (t) => {
  const scheduler = schedulerOf(1)
  const network = new SimulatedNetwork(scheduler, new SeededRandom(1), calmNetwork)
  const [dead, next] = ['dead', 'next'].map((name) => new SimulatedProcess(scheduler, name, 'a')) as [SimulatedProcess, SimulatedProcess]
  const deaf = { bytes: () => {}, drained: () => {}, closed: () => {} }
  const listen = (process: SimulatedProcess) => network.for(process).listen({ host: '127.0.0.1', port: 9092 }, () => deaf)
  dead.kill()
  await t.rejects(listen(dead), { name: 'Crashed' })
  t.match(await listen(next), { address: { port: 9092 } })
})

t.test('a partition holds everything back until it heals', async (t) => {
  const world = await listening(1, calmNetwork)
  dial(world, (connection) => {
    world.network.partition('a', 'b')
    connection.write([Buffer.from('held')])
  })
  world.scheduler.at(1_000_000, 'heal', () => {
    t.equal(world.received.length, 0)
    world.network.heal()
  })
  await toTheEnd(world.scheduler)
  t.equal(Buffer.concat(world.received).toString(), 'held')
})

t.test('a half-open connection looks alive from the other end', async (t) => {
  const world = await listening(1, calmNetwork)
  dial(world, () => world.network.breakOne(true))
  await toTheEnd(world.scheduler)
  t.same(world.closings, ['client ECONNRESET'])
})

t.test('the same seed gives the same hash of what happened, another seed another', async (t) => {
  const hashOf = async (seed: number): Promise<string> => {
    const world = await listening(seed, { ...calmNetwork, splitChance: 0.5 })
    dial(world, (connection) => void connection.write([new SeededRandom(seed).bytes(5000)]))
    await toTheEnd(world.scheduler)
    return world.scheduler.trace.hash
  }
  t.equal(await hashOf(5), await hashOf(5))
  t.not(await hashOf(5), await hashOf(6))
})
