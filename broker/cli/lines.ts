/**
 * Lines out of a stream of bytes, as views of what came, without what ends them: a line feed, or another byte.
 * Owns: the line that has begun and not ended, at most `lineBytesMax` of it. The last line needs no end.
 */
import { CommandError } from './exit.ts'

const lineFeed = 10
export const lineBytesMax = 256 * 1024 * 1024

/** The lines that each chunk completes, together. */
export async function* linesOf(input: AsyncIterable<Buffer>, delimiter = lineFeed): AsyncGenerator<Buffer[]> {
  let begun: Buffer[] = []
  let begunBytes = 0
  for await (const chunk of input) {
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(delimiter); end >= 0; end = chunk.indexOf(delimiter, start)) {
      const piece = chunk.subarray(start, end)
      lines.push(begun.length === 0 ? piece : Buffer.concat([...begun, piece]))
      begun = []
      begunBytes = 0
      start = end + 1
    }
    if (start < chunk.length) {
      begun.push(chunk.subarray(start))
      begunBytes += chunk.length - start
      if (begunBytes > lineBytesMax) throw new CommandError(`a line of more than ${lineBytesMax} bytes is too long`)
    }
    if (lines.length > 0) yield lines
  }
  if (begun.length > 0) yield [Buffer.concat(begun)]
}
