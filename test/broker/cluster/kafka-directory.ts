/** A data directory of Apache Kafka 4.3.1 (KRaft, stopped cleanly), as kept in test/golden: its files by path. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export function kafkaDirectory(): Map<string, Buffer> {
  const packed = readFileSync(new URL('../../golden/kafka-kraft-directory.json.gz', import.meta.url))
  const { files } = JSON.parse(gunzipSync(packed).toString()) as { files: Record<string, string> }
  return new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content, 'base64')]))
}

/** The same on disk, but for those left out. */
export function unpackKafkaDirectory(into: string, leaveOut: (path: string) => boolean = () => false): void {
  for (const [path, content] of kafkaDirectory()) {
    if (leaveOut(path)) continue
    mkdirSync(dirname(join(into, path)), { recursive: true })
    writeFileSync(join(into, path), content)
  }
}
