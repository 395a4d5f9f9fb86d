/** The process of one lap: runs the client that it is told by its parent, warm first, then measured, and sends back what that took. */
import { recordsOf } from '../workloads/own-client.ts'
import type { Lap, LapResult } from './lap.ts'
import type { Rival } from './rival.ts'
import { kafkajs } from './rivals/kafkajs.ts'
import { platformatic } from './rivals/platformatic.ts'
import { stele, steleByRecord } from './rivals/stele.ts'

const rivals: readonly Rival[] = [stele, steleByRecord, kafkajs, platformatic]

class Stopwatch {
  #records = 0
  #bytes = 0
  readonly #began = performance.now()
  readonly #cpu = process.cpuUsage()

  add(records: number, bytes: number): void {
    this.#records += records
    this.#bytes += bytes
  }

  get records(): number {
    return this.#records
  }

  result(): LapResult {
    const { user, system } = process.cpuUsage(this.#cpu)
    return {
      records: this.#records,
      bytes: this.#bytes,
      seconds: (performance.now() - this.#began) / 1000,
      cpuSeconds: (user + system) / 1e6,
      residentBytes: process.resourceUsage().maxRSS * 1024,
    }
  }
}

async function produce(rival: Rival, { bootstrap, topic, records, warmUpRecords, size, perSend, sendsUnderWay }: Lap): Promise<LapResult> {
  const values = recordsOf(perSend, size).map(({ value }) => value as Buffer)
  const sender = await rival.sender(bootstrap, topic)
  const send = async (count: number): Promise<LapResult> => {
    const watch = new Stopwatch()
    let left = Math.ceil(count / perSend)
    const lane = async () => {
      while (left-- > 0) {
        await sender.send(values)
        watch.add(perSend, perSend * size)
      }
    }
    await Promise.all(Array.from({ length: sendsUnderWay }, lane))
    return watch.result()
  }
  await send(warmUpRecords)
  const result = await send(records)
  await sender.close()
  return result
}

async function consume(rival: Rival, { bootstrap, topic, records, warmUpRecords }: Lap): Promise<LapResult> {
  let warm = 0
  let watch: Stopwatch | undefined
  let result: LapResult | undefined
  await rival.read(bootstrap, topic, (count, bytes) => {
    if (result) return true
    if (!watch) {
      warm += count
      if (warm >= warmUpRecords) watch = new Stopwatch()
      return false
    }
    watch.add(count, bytes)
    if (watch.records >= records) result = watch.result()
    return result !== undefined
  })
  return result as LapResult
}

process.once('message', async (lap: Lap) => {
  const rival = rivals.find(({ name }) => name === lap.client)
  if (!rival) throw new Error(`no client '${lap.client}' runs here`)
  const result = await (lap.direction === 'produce' ? produce : consume)(rival, lap)
  process.send?.(result, () => process.exit())
})
