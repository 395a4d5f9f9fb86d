/** What operations of the matrix stand on. */
import { Stele } from '../../../client/index.ts'

/** Topic `t` with records in two partitions; group `g`, which has committed in both. */
export async function furnish(port: number): Promise<void> {
  await using stele = new Stele({ bootstrap: `127.0.0.1:${port}` })
  await stele.topics.create([{ name: 't', partitions: 2 }])
  const records = Array.from({ length: 8 }, (_, nth) => ({ value: Buffer.from(`${nth}`), partition: nth % 2 }))
  await stele.producer().send('t', records)
  const offsets = [0, 1].map((partition) => ({ topic: 't', partition, offset: 1 }))
  await stele.groups.reset('g', offsets)
}
